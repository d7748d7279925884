import { TemperaError } from '../../../core/failure.ts';

/** CUDA's messages as they reach AI Toolkit's row and log (commit 27a03a91; issues 484, 574, 929). */
const OUT_OF_MEMORY =
  /CUDA out of memory|CUDA error: out of memory|torch\.OutOfMemoryError|OutOfMemoryError|ran out of memory|OOM during training/i;
/** The Hub's messages for a model whose licence has not been accepted, or a token without access. */
const GATED =
  /gated repo|GatedRepoError|access to model .* is restricted|awaiting a review from the repo authors|401 Client Error/i;
/** How much of the log counts. Characters: an older message may be about a problem that was overcome. */
const DECIDING_TAIL = 2_000;

/** Why a job failed, by its row and the end of its log: OUT_OF_MEMORY, GATED_MODEL, or just TRAINER_ERROR. */
export function failureOf(info: string, logTail: string): TemperaError {
  const text = `${info}\n${logTail.slice(-DECIDING_TAIL)}`;
  if (OUT_OF_MEMORY.test(text)) return new TemperaError('OUT_OF_MEMORY', `The GPU ran out of memory: ${info}`);
  if (GATED.test(text)) return new TemperaError('GATED_MODEL', `The base model could not be downloaded: ${info}`);
  return new TemperaError('TRAINER_ERROR', `The trainer failed: ${info}`);
}
