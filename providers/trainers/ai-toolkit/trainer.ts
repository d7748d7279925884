/**
 * AI Toolkit over the HTTP routes of its UI server. They are undocumented, change state on GET, and answer a change
 * with the row as it was before: the new state is always read with another call (facts of 2026-08-21, commit 27a03a91).
 */
import type { Trainer } from '../trainer.ts';
import { pullCommand } from './pull-command.ts';
import { createSession } from './session.ts';
import { OPTIMIZER_FILE } from './wire.ts';

/** RunPod's proxy takes requests of up to 100 MB (docs, 2026-08); the rest is room for the form around the file. */
const MAX_RESTORE_BYTES = 90_000_000;

interface AiToolkitOptions {
  readonly huggingFaceToken?: string | undefined;
  /** Default: what RunPod's proxy lets through. Bytes. */
  readonly maxRestoreBytes?: number;
}

export function createAiToolkitTrainer(options: AiToolkitOptions = {}): Trainer {
  return {
    port: 8_675,
    // The image has been built for CUDA 13 since 2026-07-30: hosts with older drivers cannot run it.
    minCudaVersion: '13.0',
    hasHubToken: options.huggingFaceToken !== undefined,
    maxRestoreBytes: options.maxRestoreBytes ?? MAX_RESTORE_BYTES,
    // The password is AI_TOOLKIT_AUTH; nothing reads the founding documents' PASSWORD. HF_TOKEN gives access to gated
    // base models.
    environment: ({ password, gatedModel }) => ({
      AI_TOOLKIT_AUTH: password,
      ...(gatedModel && options.huggingFaceToken ? { HF_TOKEN: options.huggingFaceToken } : {}),
    }),
    // The weights last: the trainer resumes from the newest file.
    partsOf: ({ optimizer, weights }) => [
      ...(optimizer ? [{ ...optimizer, filename: OPTIMIZER_FILE }] : []),
      ...weights,
    ],
    pullCommand,
    at: createSession,
  };
}
