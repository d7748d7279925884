/** Limits how many uploads of one API key may run at once in this process. */
import { ApiError } from '../errors.ts';

/** When a client that was refused may try again. Seconds. */
const RETRY_AFTER_SECONDS = 5;

export interface UploadSlots {
  /** Runs work that takes files of a caller. Throws ApiError 429 TOO_MANY_UPLOADS when the key has no slot left. */
  run<Result>(keyId: string, work: () => Promise<Result>): Promise<Result>;
}

export function createUploadSlots(perKey: number): UploadSlots {
  const taken = new Map<string, number>();
  return {
    async run(keyId, work) {
      const before = taken.get(keyId) ?? 0;
      if (before >= perKey) {
        throw new ApiError(
          429,
          'TOO_MANY_UPLOADS',
          `This API key already has ${perKey} uploads in progress, which is the limit.`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      }
      taken.set(keyId, before + 1);
      try {
        return await work();
      } finally {
        const left = taken.get(keyId)! - 1;
        if (left === 0) taken.delete(keyId);
        else taken.set(keyId, left);
      }
    },
  };
}
