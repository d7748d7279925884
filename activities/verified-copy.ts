/** Brings a weights file home: streamed, checked while it passes, and visible in the store only when it is whole. */
import { Readable } from 'node:stream';
import { TemperaError } from '../core/failure.ts';
import { createSafetensorsCheck } from '../core/safetensors.ts';
import type { StoredObject } from '../providers/storage/object-store.ts';
import type { TrainerFile, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** A zip begins and, when it is whole, ends with these marks; PyTorch writes its states as zips. */
const ZIP_BEGIN = 'PK\u0003\u0004';
const ZIP_END = 'PK\u0005\u0006';
const ZIP_END_BYTES = 22;

/** Brings the optimizer's state home. Throws like `copyVerified`; whose step it is the caller must know. */
export async function copyOptimizer(
  deps: Pick<ActivityDependencies, 'trainer' | 'store'>,
  params: Omit<Copy, 'onBytes' | 'file'> & { readonly file: Pick<TrainerFile, 'path' | 'sizeBytes'> },
): Promise<StoredObject> {
  let begin = Buffer.alloc(0);
  let end = Buffer.alloc(0);
  return await copy(deps, params, {
    add(chunk) {
      if (begin.length < ZIP_BEGIN.length) begin = Buffer.concat([begin, chunk.subarray(0, ZIP_BEGIN.length)]);
      end = Buffer.concat([end, chunk.subarray(-ZIP_END_BYTES)]).subarray(-ZIP_END_BYTES);
    },
    fault() {
      const isWhole =
        begin.toString('latin1', 0, ZIP_BEGIN.length) === ZIP_BEGIN &&
        end.toString('latin1', 0, ZIP_END.length) === ZIP_END;
      return isWhole ? null : 'the optimizer state does not end like one';
    },
  });
}

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
  const check = createSafetensorsCheck();
  let step: number | null = null;
  const stored = await copy(
    deps,
    { target, file, key, signal },
    {
      add(chunk) {
        check.add(chunk);
        onBytes(chunk.byteLength);
      },
      fault() {
        const verdict = check.verdict();
        if (verdict.status === 'invalid') return verdict.message;
        step = verdict.step;
        return null;
      },
    },
  );
  return { ...stored, step };
}

interface Judge {
  add(chunk: Buffer): void;
  /** What is wrong with the whole file; null when nothing is. */
  fault(): string | null;
}

async function copy(
  deps: Pick<ActivityDependencies, 'trainer' | 'store'>,
  {
    target,
    file,
    key,
    signal,
  }: Omit<Copy, 'onBytes' | 'file'> & { readonly file: Pick<TrainerFile, 'path' | 'sizeBytes'> },
  judge: Judge,
): Promise<StoredObject> {
  const source = await deps.trainer.open(target, file.path, signal);
  let bytes = 0;
  // A generator instead of a Transform: that one joins what it has buffered, and every byte would be copied once more.
  async function* judged() {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      judge.add(chunk);
      yield chunk;
    }
    if (bytes !== file.sizeBytes) throw invalid(`${bytes} of ${file.sizeBytes} bytes came`);
    const fault = judge.fault();
    if (fault !== null) throw invalid(fault);
  }
  // An error of the source or the judge reaches the store, which then keeps nothing.
  const body = Readable.from(judged(), { highWaterMark: 4 });
  try {
    return await deps.store.put(key, body, {
      sizeBytes: file.sizeBytes,
      contentType: 'application/octet-stream',
      signal,
    });
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
    return new TemperaError('ARTIFACT_INVALID', `The file is not whole: ${why}`);
  }
}
