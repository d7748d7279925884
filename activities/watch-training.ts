import { log } from '@temporalio/activity';
import { TemperaError } from '../core/failure.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { rentMicroUsd } from '../core/money.ts';
import { Pace, nextLookMs } from '../core/pace.ts';
import type { Recipe, RecipeOverrides } from '../core/recipe.ts';
import type { TrainerObservation, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redact } from './failures.ts';
import { notInUse } from './fence.ts';
import { createGoneCheck } from './gone-process.ts';
import type { GoneCheck } from './gone-process.ts';
import { createMirror } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import { podEnd } from './on-pod.ts';
import { createSlowCheck } from './slow-pod.ts';
import { recipeOf } from './start-training.ts';
import { currentStep, keepAlive } from './step.ts';
import type { Step } from './step.ts';
import { judgeTrainerError } from './trainer-error.ts';
import { targetOf } from './upload-dataset.ts';
import type { PodStepInput } from './upload-dataset.ts';

export interface WatchTrainingInput extends PodStepInput {
  readonly workflowId: string;
  readonly jobId: string;
  readonly overrides: RecipeOverrides;
  readonly hourlyMicroUsd: number;
  /** Epoch milliseconds: when the pod was created, and when the job was started. */
  readonly podCreatedAtMs: number;
  readonly startedAtMs: number;
  readonly watchPollMs: number;
  readonly watchFastPollMs: number;
  readonly startupTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly podLostTimeoutMs: number;
  /** These three are absent in runs that started before there were such clocks. */
  readonly firstStepTimeoutMs?: number;
  readonly slowPodFactor?: number;
  readonly slowPodWindowMs?: number;
}

export interface WatchResult {
  /** Steps that the finished training has made. */
  readonly step: number;
}

/** How much of the log's tail is kept when an attempt fails. Characters. */
const LOG_TAIL = 4_000;
/** Progress is written to the database at most this often. Milliseconds. */
const PROGRESS_EVERY_MS = 1_000;
/** Shares of the training at which the Web UI's details are updated: each update is a few events of history. */
const MILESTONES = [0, 0.25, 0.5, 0.75] as const;

/**
 * Watches a running training to its end: heartbeats, follows its progress, mirrors checkpoints and samples to our
 * store, and detects stalls, failures and the loss of the pod. Safe to repeat: what was mirrored is recorded in the
 * database. Throws POD_LOST, TRAINING_STALLED, TRAINER_ERROR, OUT_OF_MEMORY, GATED_MODEL.
 */
export function watchTraining(deps: ActivityDependencies) {
  return async (input: WatchTrainingInput): Promise<WatchResult> => {
    const step = currentStep();
    const target = targetOf(deps, input);
    const recipe = await recipeOf(deps, input.trainingId, input.overrides);
    const mirror = await createMirror(deps, { ...input, target, recipe }, step);
    const earlier = await deps.repositories.pods.ledgerCost(input.trainingId);
    const pace = new Pace();
    const movement = createMovement(input, createGoneCheck(deps, target, input.stallTimeoutMs));
    // The trainer's own counter goes back to the last save when it fails.
    let reachedStep = 0;
    const report = createReporter(deps, input, recipe, pace, earlier);
    const resumed = await createResumeCheck(deps, input, mirror);
    const slow = await createSlowCheck(deps, { ...DEFAULT_INTERVALS, ...input }, recipe);
    const noteReached = async () => {
      const secondsPerStep = pace.msPerStep === null ? null : pace.msPerStep / 1_000;
      await deps.repositories.attempts.recordReached(input.trainingId, input.attempt, {
        lastStep: reachedStep,
        secondsPerStep,
      });
    };
    try {
      for (;;) {
        const seen = await look(deps, input, target, movement, step);
        const now = Date.now();
        if (seen) {
          pace.note({ step: seen.step, atMs: now });
          reachedStep = Math.max(reachedStep, seen.step);
          step.heartbeat({ step: seen.step, of: recipe.steps, info: redact(seen.info.slice(0, 100)) });
          await report(seen);
          if (seen.state === 'completed') {
            await noteReached();
            await mirror.finish();
            return { step: seen.step };
          }
          if (seen.state === 'failed' || seen.state === 'stopped') throw await endOf(deps, input, target, seen, step);
          await resumed.check(seen);
          mirror.advance(seen);
          await movement.check(deps, target, seen, step, now);
          slow.check(pace.msPerStep, now);
        } else {
          step.heartbeat();
        }
        const dueInMs = seen ? pace.msUntil(mirror.nextDueStep(seen.step), now) : null;
        const pauseMs = nextLookMs({
          dueInMs,
          runningForMs: now - input.startedAtMs,
          slowMs: input.watchPollMs,
          fastMs: input.watchFastPollMs,
        });
        await step.sleep(pauseMs);
      }
    } catch (error) {
      // Only one figure in the record is lost; the error that ended the watch must not be.
      await noteReached().catch((cause: unknown) =>
        log.warn('the attempt’s progress could not be recorded', { cause }),
      );
      // What was saved since the last poll is worth minutes of rent; after a lost pod or a cancellation there is nobody
      // to ask.
      if (error instanceof TemperaError && error.code !== 'POD_LOST' && !step.signal.aborted) await mirror.rescue();
      throw error;
    } finally {
      await mirror.close();
    }
  };
}

/**
 * A trainer that cannot read the optimizer's state only prints a line and continues with a fresh one. After the first
 * new step we check the log, and a resume that turned out to be weights-only is recorded as such.
 */
async function createResumeCheck(deps: ActivityDependencies, input: WatchTrainingInput, mirror: Mirror) {
  const { trainingId, attempt } = input;
  const resume = await deps.repositories.attempts.findResume(trainingId, attempt);
  let open = resume?.with === 'restored';
  return {
    async check({ step }: TrainerObservation): Promise<void> {
      if (!open || !resume || step <= resume.fromStep) return;
      const optimizer = await mirror.optimizer().catch((error: unknown) => {
        // A trainer that cannot be asked now is asked at the next poll.
        if (error instanceof TemperaError && error.retryable) return null;
        throw error;
      });
      if (optimizer === null) return;
      open = false;
      if (optimizer === 'loaded') return;
      log.warn('the optimizer state was not loaded: the training continues from the weights alone', {
        trainingId,
        attempt,
      });
      await deps.repositories.attempts.recordResume({ ...resume, with: 'weights_only' });
    },
  };
}

/** Polls the job once; null while the trainer is unreachable and the pod may still come back. Throws POD_LOST. */
async function look(
  deps: ActivityDependencies,
  input: WatchTrainingInput,
  target: TrainerTarget,
  movement: Movement,
  step: Step,
): Promise<TrainerObservation | null> {
  try {
    const seen = await deps.trainer.observe(target, input.jobId, step.signal);
    movement.reached();
    return seen;
  } catch (error) {
    if (!(error instanceof TemperaError) || !error.retryable) throw error;
    const silentMs = movement.silentForMs();
    const lost = (why: string) =>
      new TemperaError('POD_LOST', why, {
        ids: { trainingId: input.trainingId, attempt: input.attempt },
        cause: error,
      });
    if (silentMs >= input.podLostTimeoutMs)
      throw lost(`The pod could not be reached for ${Math.round(silentMs / 1_000)} s`);
    if (await keepAlive(step, podEnd(deps, input.podId, step.signal)))
      throw lost('The pod vanished while it was training');
    return null;
  }
}

/** The error for a job that ended without weights; keeps the log's tail for operators. */
async function endOf(
  deps: ActivityDependencies,
  input: WatchTrainingInput,
  target: TrainerTarget,
  seen: TrainerObservation,
  step: Step,
) {
  const tail = await logTail(deps, input, target, step);
  if (seen.state === 'stopped') {
    return new TemperaError('TRAINER_ERROR', 'Somebody stopped the job on the pod', {
      ids: { trainingId: input.trainingId },
    });
  }
  return judgeTrainerError(redact(seen.info), tail);
}

async function logTail(
  deps: ActivityDependencies,
  input: WatchTrainingInput,
  target: TrainerTarget,
  step: Step,
): Promise<string> {
  try {
    // For an offset beyond its end the trainer returns the last 5 MiB instead of everything.
    const { text } = await deps.trainer.log(target, input.jobId, Number.MAX_SAFE_INTEGER, step.signal);
    const tail = redact(text.slice(-LOG_TAIL), LOG_TAIL);
    await deps.repositories.attempts.recordLogTail(input.trainingId, input.attempt, tail);
    return tail;
  } catch (error) {
    step.signal.throwIfAborted();
    // The log helps people; a pod that cannot provide it is judged without it.
    if (error instanceof TemperaError) return '';
    throw error;
  }
}

interface Movement {
  reached(): void;
  silentForMs(): number;
  check(
    deps: ActivityDependencies,
    target: TrainerTarget,
    seen: TrainerObservation,
    step: Step,
    now: number,
  ): Promise<void>;
}

/**
 * Distinguishes a stall from slowness: only step, status text and log count as progress (the row's own timestamp does
 * not change while training).
 */
function createMovement(input: WatchTrainingInput, gone: GoneCheck): Movement {
  let reachedAt = Date.now();
  let movedAt = Date.now();
  let signature = '';
  // Unknown until the first poll, which must not count as progress.
  let logOffset: number | null = null;
  let trained = false;
  return {
    reached: () => void (reachedAt = Date.now()),
    silentForMs: () => Date.now() - reachedAt,
    async check(deps, target, seen, step, now) {
      if (seen.step > 0) trained = true;
      // A log that scrolls for ever is activity, but not training.
      const waitedMs = now - input.startedAtMs;
      if (!trained && waitedMs >= (input.firstStepTimeoutMs ?? DEFAULT_INTERVALS.firstStepTimeoutMs)) {
        await logTail(deps, input, target, step);
        throw new TemperaError(
          'TRAINING_STALLED',
          `No step was completed in ${Math.round(waitedMs / 1_000)} s: ${redact(seen.info)}`,
          { ids: { trainingId: input.trainingId, attempt: input.attempt } },
        );
      }
      const current = `${seen.state}|${seen.step}|${seen.info}`;
      if (current !== signature) {
        signature = current;
        movedAt = now;
        return;
      }
      const idleSeconds = trained ? await gone.idleFor({ stillMs: now - movedAt, now, signal: step.signal }) : null;
      if (idleSeconds !== null && seen.state === 'running') {
        await logTail(deps, input, target, step);
        throw new TemperaError(
          'TRAINER_ERROR',
          `The trainer’s process is gone: its job is reported as running at step ${seen.step}, but the GPU has been idle and empty for ${idleSeconds} s`,
          { ids: { trainingId: input.trainingId, attempt: input.attempt, step: seen.step } },
        );
      }
      // The log is read only when the row has not changed for a while.
      if (now - movedAt < input.stallTimeoutMs / 2) return;
      const offset = await logEnd(deps, input, target, logOffset, step);
      if (logOffset !== null && offset !== logOffset) movedAt = now;
      logOffset = offset;
      const limitMs = trained ? input.stallTimeoutMs : Math.max(input.stallTimeoutMs, input.startupTimeoutMs);
      if (now - movedAt < limitMs) return;
      await logTail(deps, input, target, step);
      throw new TemperaError(
        'TRAINING_STALLED',
        `No progress for ${Math.round((now - movedAt) / 1_000)} s at step ${seen.step}: ${redact(seen.info)}`,
        {
          ids: { trainingId: input.trainingId, attempt: input.attempt, step: seen.step },
        },
      );
    },
  };
}

/** Where the log ends now; unchanged when the trainer cannot tell, so that an unreadable log never hides a stall. */
async function logEnd(
  deps: ActivityDependencies,
  input: WatchTrainingInput,
  target: TrainerTarget,
  known: number | null,
  step: Step,
): Promise<number> {
  try {
    return (await deps.trainer.log(target, input.jobId, known ?? Number.MAX_SAFE_INTEGER, step.signal)).offset;
  } catch (error) {
    if (error instanceof TemperaError && error.retryable) return known ?? -1;
    throw error;
  }
}

/** Writes progress to the database when it has changed, and to the Web UI at a few milestones. */
function createReporter(
  deps: ActivityDependencies,
  input: WatchTrainingInput,
  recipe: Recipe,
  pace: Pace,
  earlierMicroUsd: number,
) {
  let writtenAt = 0;
  let writtenStep = -1;
  let told = -1;
  return async (seen: TrainerObservation): Promise<void> => {
    const now = Date.now();
    const last = seen.state === 'completed';
    if (seen.step !== writtenStep && (last || now - writtenAt >= PROGRESS_EVERY_MS)) {
      writtenAt = now;
      writtenStep = seen.step;
      const etaMs = pace.msLeft(recipe.steps, now);
      const believed = await deps.repositories.trainings.recordProgress({
        trainingId: input.trainingId,
        attempt: input.attempt,
        podName: input.podName,
        step: seen.step,
        totalSteps: recipe.steps,
        loss: await lossOf(deps, input),
        secondsPerStep: pace.msPerStep === null ? null : pace.msPerStep / 1_000,
        estimatedEndAt: etaMs === null ? null : new Date(now + etaMs),
        costMicroUsd: earlierMicroUsd + rentMicroUsd(input.hourlyMicroUsd, now - input.podCreatedAtMs),
      });
      if (!believed) throw notInUse(input);
    }
    const milestone = MILESTONES.findLastIndex((share) => seen.step > 0 && seen.step >= share * recipe.steps);
    if (milestone > told && !last) {
      told = milestone;
      await deps.workflows.reportProgress(input.workflowId, {
        step: seen.step,
        totalSteps: recipe.steps,
        etaMs: pace.msLeft(recipe.steps, now),
      });
    }
  };
}

/** The loss, for the record; a trainer that cannot report it is no reason to end a training. */
async function lossOf(deps: ActivityDependencies, input: WatchTrainingInput): Promise<number | null> {
  const { signal } = currentStep();
  try {
    return await deps.trainer.loss(targetOf(deps, input), input.jobId, signal);
  } catch (error) {
    if (error instanceof TemperaError) return null;
    throw error;
  }
}
