/**
 * The failure policy: one closed table of codes. Every error that leaves a provider or an activity carries one of these
 * codes, and the workflow decides from this table alone what happens next. docs/failure-policy.md is rendered from it.
 */

import type { LimitFigures } from './spend-limit.ts';

/** What the workflow does when a failure with this code ends an attempt. */
export type FailureAction =
  /** Start the next attempt, from the last mirrored checkpoint where there is one. Counts as one of the three. */
  | 'new_attempt'
  /** Terminate the pod and rent another one inside the same attempt. */
  | 'new_pod'
  /** Wait durably for capacity, then look for an offer again inside the same attempt. */
  | 'wait_for_capacity'
  /** Temporal retries the activity; nothing ends. */
  | 'retry_step'
  /** Will not heal by itself: stop at once and wait for `retryTraining`. */
  | 'stop'
  /** Nothing was begun and nothing waits: whoever asked sends the request again. */
  | 'send_again'
  /** The training stays `ready`; only this publication is `failed`. */
  | 'keep_artifact'
  /** A person asked for it. */
  | 'cancel'
  /** A person asked for it: the pod goes, and the training waits for `resumeTraining`. */
  | 'pause'
  /** The record of the training decides where its new run goes on. */
  | 'take_over';

interface FailurePolicy {
  readonly meaning: string;
  readonly action: FailureAction;
  /** True when the failure uses up one of the attempts (three by default). */
  readonly countsAsAttempt: boolean;
  /** What a person can do about it. */
  readonly advice: string;
}

export const FAILURE_POLICY = {
  NO_CAPACITY: {
    meaning: 'No offer can be had: every GPU type, cloud and data center on the list is taken.',
    action: 'wait_for_capacity',
    countsAsAttempt: false,
    advice: 'Wait, or retry with more GPU types or a higher price cap.',
  },
  POD_NOT_READY: {
    meaning: 'The pod did not become usable in time (bad host, image pull stuck).',
    action: 'new_pod',
    countsAsAttempt: false,
    advice: 'Nothing: up to three pods are tried in an attempt. If all fail, look at the image and the data center.',
  },
  RATE_LIMITED: {
    meaning: 'The vendor asked us to slow down.',
    action: 'retry_step',
    countsAsAttempt: false,
    advice: 'Nothing: the step is repeated after the time that the vendor names.',
  },
  PROVIDER_UNAVAILABLE: {
    meaning: 'The vendor or the network did not answer, or answered something unreadable.',
    action: 'retry_step',
    countsAsAttempt: false,
    advice: 'Nothing, unless it lasts: then look at the vendor’s status page.',
  },
  POD_LOST: {
    meaning: 'The pod vanished, or could not be reached for the whole grace period.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing: the next attempt starts by itself.',
  },
  TRAINING_STALLED: {
    meaning: 'The trainer shows no movement of step, log or files for the whole stall period.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing at first; if it repeats, read the log tail of the attempt.',
  },
  POD_SLOW: {
    meaning: 'The pod trains far more slowly than its GPU should.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing: the next attempt goes on from the last save on another pod. It happens once in a training.',
  },
  TRAINER_ERROR: {
    meaning: 'The trainer ended with an error.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing at first; if it repeats, read the log tail of the attempt.',
  },
  OUT_OF_MEMORY: {
    meaning: 'The GPU’s memory did not suffice.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing at first: the next attempt takes a larger GPU, or the recipe’s low-memory mode.',
  },
  ARTIFACT_INVALID: {
    meaning: 'The LoRA file did not verify (size, safetensors header or hash) after repeated downloads.',
    action: 'new_attempt',
    countsAsAttempt: true,
    advice: 'Nothing: the next attempt starts by itself.',
  },
  DATASET_REJECTED: {
    meaning: 'The photos cannot be trained on; the curation report says why.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Add or replace photos as the report says, then start a new training.',
  },
  RECIPE_INVALID: {
    meaning: 'The trainer refused the recipe.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Retry with other overrides.',
  },
  AUTH: {
    meaning: 'A vendor refused our credentials.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Correct the key of the named vendor, then retry.',
  },
  BALANCE: {
    meaning: 'The vendor’s account has not enough credit.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Add credit, then retry.',
  },
  GATED_MODEL: {
    meaning: 'The base model is gated and our Hugging Face token has no access to it.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Accept the model’s licence with the account of HF_TOKEN, then retry.',
  },
  BUDGET_EXCEEDED: {
    meaning: 'Going on would cost more than this training may; what it has learned is saved.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Raise the ceiling (`POST /v1/trainings/:id/budget`): the training goes on from its last save.',
  },
  LIMIT_EXCEEDED: {
    meaning: 'A limit of the user or of the account is reached.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Raise the limit, then retry.',
  },
  PUBLISH_FAILED: {
    meaning: 'A destination failed after all its retries; the LoRA itself is safe.',
    action: 'keep_artifact',
    countsAsAttempt: false,
    advice:
      'Nothing is lost: download the LoRA (`GET /v1/trainings/:id/artifact`). Publishing a training again is not possible yet.',
  },
  CANCELLED: {
    meaning: 'A person cancelled the training.',
    action: 'cancel',
    countsAsAttempt: false,
    advice: 'Nothing.',
  },
  PAUSED: {
    meaning: 'A person paused the training: it is saved, and no pod bills.',
    action: 'pause',
    countsAsAttempt: false,
    advice: 'Send `resumeTraining` to go on; it may wait for days.',
  },
  RESET: {
    meaning: 'The workflow was reset or started again in Temporal, and its record is further than this run.',
    action: 'take_over',
    countsAsAttempt: false,
    advice: 'Nothing: what is ready stays ready; everything else goes on with the next attempt, from the last save.',
  },
  NOT_STARTED: {
    meaning: 'The training was accepted but could not be handed to Temporal.',
    action: 'send_again',
    countsAsAttempt: false,
    advice: 'Send the request again, with the same Idempotency-Key.',
  },
  INTERNAL: {
    meaning: 'A fault of Tempera itself, or an unexpected answer.',
    action: 'stop',
    countsAsAttempt: false,
    advice: 'Report it with the request id or the workflow id.',
  },
} as const satisfies Record<string, FailurePolicy>;

/** A code of the failure policy. */
export type FailureCode = keyof typeof FAILURE_POLICY;

/** Every code, for documents and schemas. */
export const FAILURE_CODES = Object.keys(FAILURE_POLICY) as readonly FailureCode[];

/** Narrows text that came from outside (a stored row, an ApplicationFailure's type) to a known code. */
export function isFailureCode(text: string | null | undefined): text is FailureCode {
  return typeof text === 'string' && Object.hasOwn(FAILURE_POLICY, text);
}

export function failurePolicy(code: FailureCode): FailurePolicy {
  return FAILURE_POLICY[code];
}

interface FailureOptions {
  /** How long to wait before trying again, when the other side named it. Milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether Temporal may repeat the step. Default: true only for codes whose action is `retry_step`. */
  readonly retryable?: boolean | undefined;
  /** Ids that an operator needs (training, pod, job); never a secret, a URL with a signature or photo data. */
  readonly ids?: Readonly<Record<string, string | number>> | undefined;
  /** The limits on spending that were exceeded. */
  readonly figures?: readonly LimitFigures[] | undefined;
  readonly cause?: unknown;
}

/** The one error class of the house: a code of the policy, a sentence, ids. Carries no secret. */
export class TemperaError extends Error {
  override readonly name = 'TemperaError';
  readonly code: FailureCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly ids: Readonly<Record<string, string | number>>;
  readonly figures: readonly LimitFigures[] | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? failurePolicy(code).action === 'retry_step';
    this.retryAfterMs = options.retryAfterMs;
    this.ids = options.ids ?? {};
    this.figures = options.figures;
  }
}
