/**
 * The failure policy: one closed table of codes. Every error that leaves a provider or an activity carries one of these
 * codes, and this table says what happens next. docs/failure-policy.md is rendered from it.
 */

import type { LimitFigures } from './spend-limit.ts';

/** What the workflow does when a failure with this code ends an attempt or a step. */
export type FailureAction =
  /** Start the next attempt, from the last mirrored checkpoint where there is one. */
  | 'new_attempt'
  /** Terminate the pod and rent another one inside the same attempt; once its pods are used up, the next attempt. */
  | 'new_pod'
  /** Wait durably for capacity, then look for an offer again inside the same attempt; once the wait is over, stop. */
  | 'wait_for_capacity'
  /** Temporal retries the step; once its tries are used up, the pod it was on counts as lost. Without a pod: stop. */
  | 'retry_step'
  /** Will not resolve by itself: stop at once and wait for `retryTraining`. */
  | 'stop'
  /** Stop at once and wait for nothing: the caller sends the request again. */
  | 'send_again'
  /** The training stays `ready`; only this publication is `failed`. */
  | 'keep_artifact'
  /** A person asked for it: the training ends `cancelled`. */
  | 'cancel'
  /** A person asked for it: the pod goes, and the training waits for `resumeTraining`. */
  | 'pause'
  /** The training's record decides where its new run continues. */
  | 'take_over';

interface Described {
  readonly meaning: string;
  /** What a person can do about it. */
  readonly advice: string;
  /** A publication that fails with this code keeps it; any other failed publication is stored as PUBLISH_FAILED. */
  readonly publicationKeepsCode?: boolean;
}

/** Every field is read by the workflow or by the step that reports the failure. */
export type FailurePolicy = Described &
  (
    | {
        readonly action: 'new_attempt';
        /** Whether the failure uses up one of the attempts (three by default). If not, there is no limit to the repeats. */
        readonly countsAsAttempt: boolean;
        /** Whether the next attempts need more GPU memory than this one had, and the trainer's low-memory mode. */
        readonly largerGpu: boolean;
        /** Whether this may start another attempt only once; the second time the training stops. */
        readonly oncePerTraining: boolean;
      }
    | {
        readonly action: 'new_pod';
        /** Whether an attempt that has used up its pods uses up one of the attempts. */
        readonly countsAsAttempt: boolean;
      }
    | { readonly action: Exclude<FailureAction, 'new_attempt' | 'new_pod'> }
  );

export const FAILURE_POLICY = {
  NO_CAPACITY: {
    meaning: 'No offer is available: every GPU type, cloud and data center on the list is taken.',
    action: 'wait_for_capacity',
    advice: 'Wait, or retry with more GPU types or a higher price cap.',
  },
  POD_NOT_READY: {
    meaning: 'The pod did not become usable in time (bad host, image pull stuck).',
    action: 'new_pod',
    countsAsAttempt: true,
    advice: 'Nothing: each attempt tries up to three pods. If all of them fail, check the image and the data center.',
  },
  RATE_LIMITED: {
    meaning: 'The vendor asked us to slow down.',
    action: 'retry_step',
    advice: 'Nothing: the step is retried after the delay that the vendor asks for.',
  },
  PROVIDER_UNAVAILABLE: {
    meaning: 'The vendor or the network did not answer, or gave an unreadable answer.',
    action: 'retry_step',
    advice: 'Nothing, unless it lasts: then check the vendor’s status page.',
  },
  POD_LOST: {
    meaning: 'The pod vanished, or could not be reached for the whole grace period.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: false,
    oncePerTraining: false,
    advice: 'Nothing: the next attempt starts by itself.',
  },
  TRAINING_STALLED: {
    meaning: 'The trainer’s step, log and files did not change for the whole stall period.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: false,
    oncePerTraining: false,
    advice: 'Nothing at first; if it repeats, read the log tail of the attempt.',
  },
  POD_SLOW: {
    meaning: 'The pod trains far more slowly than its GPU should be able to.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: false,
    oncePerTraining: true,
    advice: 'Nothing: the next attempt continues from the last save on another pod.',
  },
  TRAINER_ERROR: {
    meaning: 'The trainer ended with an error.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: false,
    oncePerTraining: false,
    advice: 'Nothing at first; if it repeats, read the log tail of the attempt.',
  },
  OUT_OF_MEMORY: {
    meaning: 'The GPU ran out of memory.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: true,
    oncePerTraining: false,
    advice: 'Nothing at first: the next attempt uses a larger GPU or the recipe’s low-memory mode.',
  },
  ARTIFACT_INVALID: {
    meaning: 'The LoRA file failed verification (size, safetensors header or hash) after repeated downloads.',
    action: 'new_attempt',
    countsAsAttempt: true,
    largerGpu: false,
    oncePerTraining: false,
    advice: 'Nothing: the next attempt starts by itself.',
  },
  DATASET_REJECTED: {
    meaning: 'The photos cannot be used for training; the curation report says why.',
    action: 'stop',
    advice: 'Add or replace photos as the report says, then start a new training.',
  },
  RECIPE_INVALID: {
    meaning: 'The trainer refused the recipe.',
    action: 'stop',
    advice: 'Retry with different overrides.',
  },
  AUTH: {
    meaning: 'A vendor refused our credentials.',
    action: 'stop',
    publicationKeepsCode: true,
    advice: 'Correct the key for that vendor, then retry.',
  },
  BALANCE: {
    meaning: 'The account with the vendor does not have enough credit.',
    action: 'stop',
    advice: 'Add credit, then retry.',
  },
  GATED_MODEL: {
    meaning: 'The base model is gated and our Hugging Face token cannot access it.',
    action: 'stop',
    advice: 'Accept the model’s licence with the account that HF_TOKEN belongs to, then retry.',
  },
  BUDGET_EXCEEDED: {
    meaning: 'Continuing would exceed this training’s spending ceiling; what it has learned is saved.',
    action: 'stop',
    advice: 'Raise the ceiling (`POST /v1/trainings/:id/budget`): the training continues from its last save.',
  },
  LIMIT_EXCEEDED: {
    meaning: 'A limit of the user or of the account has been reached.',
    action: 'stop',
    advice: 'Raise the limit, then retry.',
  },
  TRAINING_TOO_LONG: {
    meaning: 'The training took longer on one pod than a training may (24 hours).',
    action: 'stop',
    advice:
      'Retry: the next attempt continues from the last save, with the full time again. If it repeats, ask for a faster GPU or for fewer steps.',
  },
  PUBLISH_FAILED: {
    meaning: 'A destination failed after all its retries; the LoRA itself is safe.',
    action: 'keep_artifact',
    advice:
      'Nothing is lost: download the LoRA (`GET /v1/trainings/:id/artifact`). Publishing a training again is not possible yet.',
  },
  CANCELLED: {
    meaning: 'A person cancelled the training.',
    action: 'cancel',
    advice: 'Nothing.',
  },
  PAUSED: {
    meaning: 'A person paused the training: it is saved, and no pod is being paid for.',
    action: 'pause',
    advice: 'Send `resumeTraining` to continue; a training can stay paused for days.',
  },
  RESET: {
    meaning: 'The workflow was reset or started again in Temporal, and the database is ahead of this run.',
    action: 'take_over',
    advice: 'Nothing: what is ready stays ready; everything else continues with the next attempt, from the last save.',
  },
  NOT_STARTED: {
    meaning: 'The training was accepted but could not be handed to Temporal.',
    action: 'send_again',
    advice: 'Send the request again, with the same Idempotency-Key.',
  },
  INTERNAL: {
    meaning: 'A bug in Tempera, or an unexpected answer.',
    action: 'stop',
    advice: 'Report it with the request id or the workflow id.',
  },
} as const satisfies Record<string, FailurePolicy>;

/** A code of the failure policy. */
export type FailureCode = keyof typeof FAILURE_POLICY;

/** Every code, for documents and schemas. */
export const FAILURE_CODES = Object.keys(FAILURE_POLICY) as readonly FailureCode[];

/** Narrows text from outside (a stored row, an ApplicationFailure's type) to a known code. */
export function isFailureCode(text: string | null | undefined): text is FailureCode {
  return typeof text === 'string' && Object.hasOwn(FAILURE_POLICY, text);
}

export function failurePolicy(code: FailureCode): FailurePolicy {
  return FAILURE_POLICY[code];
}

/** Whether a failure with this code may start another attempt only once per training. */
export function isOncePerTraining(code: FailureCode): boolean {
  const policy = failurePolicy(code);
  return policy.action === 'new_attempt' && policy.oncePerTraining;
}

interface FailureOptions {
  /** How long to wait before trying again, if the other side said so. Milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Whether Temporal may retry the step. Default: true only for codes whose action is `retry_step`. */
  readonly retryable?: boolean | undefined;
  /** Ids that an operator needs (training, pod, job); never a secret, a URL with a signature or photo data. */
  readonly ids?: Readonly<Record<string, string | number>> | undefined;
  /** The limits on spending that were exceeded. */
  readonly figures?: readonly LimitFigures[] | undefined;
  readonly cause?: unknown;
}

/** The project's one error class: a policy code, a sentence and ids. Carries no secret. */
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
