import { createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '../core/canonical-json.ts';

/** A version 7 UUID (RFC 9562): ids sort by creation time. */
export function uuidV7(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Hex SHA-256 of a text or of bytes. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Hex SHA-256 of a JSON value, independent of the order of its keys. */
export function jsonHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
