/** Brings a weights file home: streamed, checked while it passes, and visible in the store only when it is whole. */
import { Readable } from 'node:stream';
import { TemperaError } from '../core/failure.ts';
import { createSafetensorsCheck } from '../core/safetensors.ts';
import type { StoredObject } from '../providers/storage/object-store.ts';
import type { TrainerFile, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';

interface Copy {
  readonly target: TrainerTarget;
  readonly file: TrainerFile;
  readonly key: string;
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface VerifiedFile extends StoredObject {
  /** Step that the file itself says it has; null when it says none. */
  readonly step: number | null;
}

/** Throws ARTIFACT_INVALID when the bytes are no whole safetensors file, PROVIDER_UNAVAILABLE when they did not all come. */
export async function copyVerified(
  deps: Pick<ActivityDependencies, 'trainer' | 'store'>,
  { target, file, key, onBytes, signal }: Copy,
): Promise<VerifiedFile> {
  const source = await deps.trainer.open(target, file.path, signal);
  const check = createSafetensorsCheck();
  let step: number | null = null;
  let bytes = 0;
  // A generator instead of a Transform: that one joins what it has buffered, and every byte would be copied once more.
  async function* judged() {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      check.add(chunk);
      onBytes(chunk.byteLength);
      yield chunk;
    }
    const verdict = check.verdict();
    if (bytes !== file.sizeBytes) throw invalid(`${bytes} of ${file.sizeBytes} bytes came`);
    if (verdict.status === 'invalid') throw invalid(verdict.message);
    step = verdict.step;
  }
  // An error of the source or the judge reaches the store, which then keeps nothing.
  const body = Readable.from(judged(), { highWaterMark: 4 });
  try {
    const stored = await deps.store.put(key, body, {
      sizeBytes: file.sizeBytes,
      contentType: 'application/octet-stream',
      signal,
    });
    return { ...stored, step };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TemperaError) throw error;
    const why = error instanceof Error ? error.message : 'unknown';
    throw new TemperaError(
      'PROVIDER_UNAVAILABLE',
      `The download of ${file.sizeBytes} bytes from the pod broke off: ${why}`,
      { cause: error },
    );
  } finally {
    // A store that gives up does not reach through the generator to a source that is silent.
    source.destroy();
  }

  function invalid(why: string): TemperaError {
    return new TemperaError('ARTIFACT_INVALID', `The weights file is not whole: ${why}`);
  }
}
