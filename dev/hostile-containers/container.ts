/** What the makers of hostile files share. */

import type { DropReason } from '../../curation/report/report.ts';

export interface HostileContainer {
  readonly name: string;
  readonly bytes: Buffer;
  /** Why it is refused; null: what is too much is left out, and the picture is the good one. */
  readonly reason: DropReason | null;
}

/** The names of files say what is in them. */
export function allWith(reason: DropReason | null, files: Readonly<Record<string, Buffer>>): HostileContainer[] {
  return Object.entries(files).map(([name, bytes]) => ({ name, bytes, reason }));
}

export function repeated(part: Buffer, count: number): Buffer {
  const all = Buffer.alloc(part.length * count);
  for (let i = 0; i < count; i++) part.copy(all, i * part.length);
  return all;
}

/** Bytes that do not pack. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
