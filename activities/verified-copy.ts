/** Copies a weights file to our store: streamed, verified on the way, and visible in the store only when complete. */
import { TemperaError } from '../core/failure.ts';
import { createSafetensorsCheck } from '../core/safetensors.ts';
import type { StoredObject } from '../providers/storage/object-store.ts';
import type { TrainerFile, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** A zip starts and, when complete, ends with these markers; PyTorch writes its states as zips. */
const ZIP_BEGIN = 'PK\u0003\u0004';
const ZIP_END = 'PK\u0005\u0006';
const ZIP_END_BYTES = 22;

/**
 * Copies the optimizer's state to our store. Throws like `copyVerified`; the caller must know which step it belongs to.
 */
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
      return isWhole ? null : 'the optimizer state has no valid ending';
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
  /** The step recorded in the file itself; null when there is none. */
  readonly step: number | null;
}

/**
 * Throws ARTIFACT_INVALID when the bytes are not a complete safetensors file, PROVIDER_UNAVAILABLE when some did not
 * arrive.
 */
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
  // A generator, not a Transform or a stream around it: what they do with each chunk costs much of the throughput.
  async function* judged() {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      judge.add(chunk);
      yield chunk;
    }
    if (bytes !== file.sizeBytes) throw invalid(`${bytes} of ${file.sizeBytes} bytes arrived`);
    const fault = judge.fault();
    if (fault !== null) throw invalid(fault);
  }
  // An error from the source or the check reaches the store, which then keeps nothing.
  const body = Object.assign(judged(), { destroy: (error?: Error) => source.destroy(error) });
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
      `The download of ${file.sizeBytes} bytes from the pod was interrupted: ${why}`,
      { cause: error },
    );
  } finally {
    // A store that gives up cannot reach through the generator to a silent source.
    source.destroy();
  }

  function invalid(why: string): TemperaError {
    return new TemperaError('ARTIFACT_INVALID', `The file is incomplete or damaged: ${why}`);
  }
}
