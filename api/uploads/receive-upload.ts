/** Reads a multipart request: photos, captions and zips, streamed to temporary files. */
import { rm } from 'node:fs/promises';
import type { Multipart } from '@fastify/multipart';
import { ApiError } from '../errors.ts';
import { safeFilename } from './intake.ts';
import type { Intake } from './intake.ts';
import { UPLOAD_LIMITS } from './limits.ts';
import { saveStream } from './save-stream.ts';
import { isZip, unpackZip } from './unpack-zip.ts';

/** Adds every file of the request to the intake. Throws ApiError 422 NO_FILES when there is none. */
export async function receiveUpload(parts: AsyncIterable<Multipart>, intake: Intake): Promise<void> {
  let files = 0;
  for await (const part of wellFormed(parts)) {
    if (part.type !== 'file') continue;
    files += 1;
    const name = safeFilename(part.filename ?? '');
    const path = intake.temporaryPath();
    const limit = (head: Buffer) => (isZip(head) ? UPLOAD_LIMITS.zipBytes : UPLOAD_LIMITS.photoBytes);
    const saved = await saveStream(path, part.file, limit, intake.count).catch(refuseBroken);
    if (saved.status === 'too_large' || part.file.truncated) {
      intake.reject(name, 'TOO_LARGE', 'A photo may be at most 30 MB, a zip 1 GB.');
      await rm(path, { force: true });
    } else if (isZip(saved.head)) {
      await unpackZip({ path, filename: name, bytes: saved.bytes, source: `zip${files}` }, intake);
      await rm(path, { force: true });
    } else {
      await intake.addSaved({ name, source: 'request', path, bytes: saved.bytes, sha256: saved.sha256 });
    }
  }
  if (files === 0) throw new ApiError(422, 'NO_FILES', 'Send at least one photo or zip as a file in the form.');
}

/** The parts, with the parser's own errors as ours. */
async function* wellFormed(parts: AsyncIterable<Multipart>): AsyncGenerator<Multipart> {
  try {
    yield* parts;
  } catch (error) {
    refuseBroken(error);
  }
}

/** Throws ApiError 400 BAD_MULTIPART for errors of the parser: plain ones without a code (@fastify/busboy 3.2). */
function refuseBroken(error: unknown): never {
  const isOfParser = error instanceof Error && error.constructor === Error && !('code' in error);
  if (!isOfParser) throw error;
  throw new ApiError(400, 'BAD_MULTIPART', 'The form cannot be read: it has no usable boundary or ends too early.', {
    cause: error,
  });
}
