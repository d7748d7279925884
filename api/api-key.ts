/** API keys: `tmp_` and 256 random bits in base64url. The database keeps a prefix and the SHA-256, never the key. */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Repositories } from '../prisma/repositories/index.ts';
import { sha256Hex } from './ids.ts';

const KEY = /^tmp_[A-Za-z0-9_-]{43}$/;
const PREFIX_LENGTH = 10;

export function newApiKey(): string {
  return `tmp_${randomBytes(32).toString('base64url')}`;
}

/** The key that a request carries, or null when there is none or it is malformed. */
export function apiKeyOf(headers: {
  authorization?: string | undefined;
  'x-api-key'?: string | string[] | undefined;
}): string | null {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = bearer ?? headers['x-api-key'];
  return typeof key === 'string' && KEY.test(key) ? key : null;
}

/**
 * Creates the first user and key when the database has none, and writes the key to a file that only its owner can read.
 * False when there already was a key.
 */
export async function ensureFirstApiKey(repositories: Repositories, file: string): Promise<boolean> {
  const key = newApiKey();
  const made = await repositories.keys.createFirstApiKey(
    { prefix: key.slice(0, PREFIX_LENGTH), secretHash: sha256Hex(key) },
    async () => {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.new`, `${key}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
  );
  return made.status === 'created';
}
