/**
 * What stands around the pixels of a file, looked at before a decoder does. Decoders unpack text, profiles and directories
 * before they ask for any limit: 1.7 MB of PNG with 20 packed texts took libpng to 3.1 GB (docs/decisions/containers.md).
 */
import type { IntakeReason } from './reason.ts';

/** A file that no decoder may see. The message is a sentence for the person who sent it. */
export class RefusedPicture extends Error {
  override readonly name = 'RefusedPicture';
  readonly reason: IntakeReason;

  constructor(reason: IntakeReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The file is shorter than it says, or what it says of itself does not fit together. */
export function damaged(detail: string): RefusedPicture {
  return new RefusedPicture('unreadable', `The file is damaged or incomplete (${detail}).`);
}

/** The file asks for more than any photo does. */
export function unsafe(what: string): RefusedPicture {
  return new RefusedPicture('unsafe', `The file was not opened: ${what}. Save the photo again without metadata.`);
}

/** Collects the parts of a file that go to the decoder; gives back the file itself when that is all of it. */
export function createParts(bytes: Uint8Array) {
  const parts: { readonly start: number; readonly end: number }[] = [];
  let length = 0;
  return {
    keep(start: number, end: number): void {
      length += end - start;
      const last = parts.at(-1);
      if (last?.end === start) parts[parts.length - 1] = { start: last.start, end };
      else parts.push({ start, end });
    },
    join(): Uint8Array {
      if (length === bytes.length) return bytes;
      const joined = new Uint8Array(length);
      let at = 0;
      for (const { start, end } of parts) {
        joined.set(bytes.subarray(start, end), at);
        at += end - start;
      }
      return joined;
    },
  };
}
