/** The API's calls to Temporal: start, signal, update, ping. Every call has a deadline. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Client,
  Connection,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { TypedSearchAttributes } from '@temporalio/common';
import { temporalConnection } from '../config/temporal.ts';
import type { LimitFigures } from '../core/spend-limit.ts';
import {
  cancelTraining,
  CHECK_DATASET_WORKFLOW,
  checkAgain,
  datasetCheckWorkflowId,
  pauseTraining,
  raiseBudget,
  resumeTraining,
  retryTraining,
  sampleNow,
  saveNow,
  TASK_QUEUES,
  TRAIN_LORA_WORKFLOW,
  trainingWorkflowId,
} from '../workflows/contract.ts';
import type {
  CancelTraining,
  CheckDatasetInput,
  CheckRequest,
  RaiseBudget,
  RetryTraining,
  Requester,
} from '../workflows/contract.ts';
import type { StartOptions } from '../workflows/start-options.ts';
import { unavailable } from './errors.ts';

export interface StartCheck {
  readonly input: CheckDatasetInput;
  readonly request: CheckRequest;
  readonly searchAttributes: TypedSearchAttributes;
}

export type CheckState =
  | { readonly status: 'running' }
  | { readonly status: 'failed'; readonly message: string }
  /** No check is under way and none has failed. */
  | { readonly status: 'none' };

export type SignalResult = { readonly status: 'sent' } | { readonly status: 'not_running' };

export type RaiseResult =
  | { readonly status: 'raised' }
  | { readonly status: 'over_limit'; readonly sentences: readonly string[]; readonly figures: readonly LimitFigures[] }
  /** The workflow does not accept it. */
  | { readonly status: 'refused'; readonly message: string }
  | { readonly status: 'not_running' };

/** What a person may request of a running training without ending it. */
const SIGNALS = { pause: pauseTraining, resume: resumeTraining, saveNow, sampleNow } as const;
export type TrainingSignal = keyof typeof SIGNALS;

/** Every call throws ApiError 503 TEMPORAL_UNAVAILABLE when Temporal does not answer in time. */
export interface TemporalGateway {
  readonly namespace: string;
  /** Starts the training's workflow; harmless when it is already running. */
  start(options: StartOptions): Promise<void>;
  cancel(trainingId: string, signal: CancelTraining): Promise<SignalResult>;
  retry(trainingId: string, signal: RetryTraining): Promise<SignalResult>;
  signal(trainingId: string, kind: TrainingSignal, requester: Requester): Promise<SignalResult>;
  /** Waits for the workflow's answer, at most UPDATE_DEADLINE_MS. */
  raiseBudget(trainingId: string, update: RaiseBudget): Promise<RaiseResult>;
  /** Starts the check of a dataset, or makes the running one repeat. */
  check(check: StartCheck): Promise<void>;
  checkState(datasetId: string): Promise<CheckState>;
  health(): Promise<void>;
  close(): Promise<void>;
}

interface TemporalOptions {
  /** Longest that one call may take. Milliseconds, default 1,500: with the server down a bare call hangs for 19 s. */
  readonly deadlineMs?: number;
  /** Where to connect; from TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE etc. when absent. */
  readonly address?: string;
  readonly namespace?: string;
  /** Task queue of the workflow; tests run side by side on queues of their own. */
  readonly taskQueue?: string;
}

/** An update is answered by a worker, after a booking in the database. Milliseconds. */
const UPDATE_DEADLINE_MS = 10_000;

/** gRPC: unknown, resource exhausted, unavailable. All our calls may be repeated. */
const UNKNOWN = 2;
const PASSING = new Set([8, 14]);
/** Pause between tries of one call. Milliseconds. */
const RETRY_MS = 150;
/** By default gRPC waits up to two minutes before it tries again to reach a server that was down. Milliseconds. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 1_000 };

/** Opens a client that connects when it is first used. */
export function createTemporalGateway(options: TemporalOptions = {}): TemporalGateway {
  const { deadlineMs = 1_500, taskQueue = TASK_QUEUES.workflow } = options;
  const config = temporalConnection();
  const namespace = options.namespace ?? config.namespace;
  const address = options.address ?? config.connectionOptions.address;
  const connection = Connection.lazy({
    ...config.connectionOptions,
    ...(address === undefined ? {} : { address }),
    // The SDK's own retries outlive our deadline, and one that fires after close() ends the process (1.24,
    // grpc-retry.js).
    interceptors: [],
    channelArgs: RECONNECT,
  });
  const client = new Client({ connection, namespace });

  const call = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      try {
        return await before(deadline, () => connection.withDeadline(deadline, work));
      } catch (error) {
        const code = grpcCode(error);
        if (code === undefined) throw error;
        if (!PASSING.has(code) || Date.now() + RETRY_MS >= deadline)
          throw unavailable('TEMPORAL_UNAVAILABLE', 'Temporal does not answer.', error);
        await sleep(RETRY_MS);
      }
    }
  };
  const signal = (send: () => Promise<void>): Promise<SignalResult> =>
    call(async () => {
      try {
        await send();
        return { status: 'sent' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'not_running' };
        throw error;
      }
    });
  const handle = (trainingId: string) => client.workflow.getHandle(trainingWorkflowId(trainingId));

  return {
    namespace,
    async start(start) {
      await call(async () => {
        try {
          await client.workflow.start(TRAIN_LORA_WORKFLOW, { ...start, taskQueue });
        } catch (error) {
          // The workflow of this training has already completed successfully: there is nothing left to start.
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        }
      });
    },
    cancel: (trainingId, details) => signal(() => handle(trainingId).signal(cancelTraining, details)),
    retry: (trainingId, details) => signal(() => handle(trainingId).signal(retryTraining, details)),
    signal: (trainingId, kind, requester) => signal(() => handle(trainingId).signal(SIGNALS[kind], requester)),
    async raiseBudget(trainingId, update) {
      const deadline = Date.now() + UPDATE_DEADLINE_MS;
      try {
        await before(deadline, () =>
          connection.withDeadline(deadline, () => handle(trainingId).executeUpdate(raiseBudget, { args: [update] })),
        );
        return { status: 'raised' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { status: 'not_running' };
        if (error instanceof WorkflowUpdateFailedError) return refusalOf(error);
        if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || grpcCode(error) !== undefined)
          throw unavailable(
            'TEMPORAL_UNAVAILABLE',
            'No worker answered in time; check the ceiling before you try again.',
            error,
          );
        throw error;
      }
    },
    async check({ input, request, searchAttributes }) {
      await call(() =>
        client.workflow.signalWithStart(CHECK_DATASET_WORKFLOW, {
          workflowId: datasetCheckWorkflowId(input.datasetId),
          taskQueue,
          args: [input],
          signal: checkAgain,
          signalArgs: [request],
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          typedSearchAttributes: searchAttributes,
          staticSummary: 'check of a dataset',
        }),
      );
    },
    checkState: (datasetId) =>
      call(async () => {
        const check = client.workflow.getHandle(datasetCheckWorkflowId(datasetId));
        try {
          const { status } = await check.describe();
          if (status.name === 'RUNNING') return { status: 'running' };
          if (status.name === 'COMPLETED') return { status: 'none' };
          const message = status.name === 'FAILED' ? await failureMessage(check) : `its workflow is ${status.name}`;
          return { status: 'failed', message };
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return { status: 'none' };
          throw error;
        }
      }),
    async health() {
      await call(() => connection.workflowService.describeNamespace({ namespace }));
    },
    close: () => connection.close(),
  };
}

/** Why an update was rejected: a limit of the user, or the workflow's own validator. */
function refusalOf({ cause }: WorkflowUpdateFailedError): RaiseResult {
  const inner = cause instanceof ActivityFailure ? cause.cause : cause;
  const message = inner?.message ?? 'the workflow gave no reason';
  if (!(inner instanceof ApplicationFailure && inner.type === 'LIMIT_EXCEEDED')) return { status: 'refused', message };
  // As activities/failures.ts writes it: ids first, then the figures.
  const figures = (inner.details?.[1] ?? []) as readonly LimitFigures[];
  return { status: 'over_limit', sentences: message.split('; '), figures };
}

/** What a failed workflow says about its failure. */
async function failureMessage(handle: WorkflowHandle): Promise<string> {
  try {
    await handle.result();
    return 'it has succeeded meanwhile';
  } catch (error) {
    if (error instanceof WorkflowFailedError) return error.cause?.message ?? error.message;
    throw error;
  }
}

/** gRPC's own deadline starts with the first connection attempt; this one starts at once. */
async function before<Result>(deadline: number, work: () => Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(unavailable('TEMPORAL_UNAVAILABLE', 'Temporal does not answer.')),
      deadline + 100 - Date.now(),
    );
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The status code of a gRPC error, bare or wrapped by the SDK; undefined for other errors. */
function grpcCode(error: unknown): number | undefined {
  const bare = error instanceof ServiceError ? error.cause : error;
  const isGrpc = bare instanceof Error && 'code' in bare && typeof bare.code === 'number' && 'details' in bare;
  if (isGrpc) return bare.code as number;
  return error instanceof ServiceError ? UNKNOWN : undefined;
}
