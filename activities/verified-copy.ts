/** Copies a weights file to our store: streamed, verified on the way, and visible in the store only when complete. */
import { TemperaError } from '../core/failure.ts';
import { createSafetensorsCheck } from '../core/safetensors.ts';
import type { FileCheck, Job, JobFile } from '../providers/backends/job.ts';
import type { ObjectStore, StoredObject } from '../providers/storage/object-store.ts';

/**
 * Copies the optimizer's state to our store. Throws like `copyVerified`; the caller must know which step it belongs to.
 */
export async function copyOptimizer(
  store: ObjectStore,
  params: Omit<Copy, 'onBytes' | 'file'> & { readonly file: Pick<JobFile, 'path' | 'sizeBytes'> },
): Promise<StoredObject> {
  return await copy(store, params, params.job.createOptimizerCheck());
}

interface Copy {
  readonly job: Job;
  readonly file: JobFile;
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
  store: ObjectStore,
  { job, file, key, onBytes, signal }: Copy,
): Promise<VerifiedFile> {
  const check = createSafetensorsCheck();
  let step: number | null = null;
  const stored = await copy(
    store,
    { job, file, key, signal },
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

async function copy(
  store: ObjectStore,
  { job, file, key, signal }: Omit<Copy, 'onBytes' | 'file'> & { readonly file: Pick<JobFile, 'path' | 'sizeBytes'> },
  check: FileCheck,
): Promise<StoredObject> {
  const source = await job.open(file.path, signal);
  let bytes = 0;
  // A generator, not a Transform or a stream around it: what they do with each chunk costs much of the throughput.
  async function* checked() {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      check.add(chunk);
      yield chunk;
    }
    if (bytes !== file.sizeBytes) throw invalid(`${bytes} of ${file.sizeBytes} bytes arrived`);
    const fault = check.fault();
    if (fault !== null) throw invalid(fault);
  }
  // An error from the source or the check reaches the store, which then keeps nothing.
  const body = Object.assign(checked(), { destroy: (error?: Error) => source.destroy(error) });
  try {
    return await store.put(key, body, {
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
