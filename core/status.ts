/** The state of a training in three fields: status (what it is), phase (how far it is) and reason (why it ended). */

/** The founding documents' words, plus `cancelled` (landscape S0-18). */
export const TRAINING_STATUSES = ['pending', 'training', 'ready', 'failed', 'cancelled'] as const;
export type TrainingStatus = (typeof TRAINING_STATUSES)[number];

/**
 * Phases of a training, in order. `paused` waits for `resumeTraining` without a pod; in `awaiting_retry` a failed
 * training waits for an operator.
 */
export const TRAINING_PHASES = [
  'queued',
  'curating',
  'provisioning',
  'uploading',
  'training',
  'downloading',
  'publishing',
  'paused',
  'awaiting_retry',
  'done',
] as const;
export type TrainingPhase = (typeof TRAINING_PHASES)[number];

const TERMINAL: readonly TrainingStatus[] = ['ready', 'cancelled'];

/** True when the workflow of a training with this status has ended or is about to; `failed` may still be retried. */
export function isTerminal(status: TrainingStatus): boolean {
  return TERMINAL.includes(status);
}
