import { log } from '@temporalio/activity';
import { TemperaError } from '../core/failure.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { Pace, nextLookMs } from '../core/pace.ts';
import type { JobObservation } from '../providers/backends/job.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { redact } from './failures.ts';
import { createMirror } from './mirror.ts';
import { podEnd } from './on-pod.ts';
import { createReporter } from './progress.ts';
import { createResumeCheck } from './resume-check.ts';
import { jobOf } from './session.ts';
import { createSlowCheck } from './slow-pod.ts';
import { createStallCheck } from './stall-check.ts';
import { recipeOf } from './start-training.ts';
import { currentStep, keepAlive } from './step.ts';
import { recordLogTail } from './watch.ts';
import type { Watch, WatchTrainingInput } from './watch.ts';

export interface WatchResult {
  /** Steps that the finished training has made. */
  readonly step: number;
}

/**
 * Watches a running training to its end: heartbeats, follows its progress, mirrors checkpoints and samples to our
 * store, and detects stalls, failures and the loss of the pod. Safe to repeat: what was mirrored is recorded in the
 * database. Throws POD_LOST, TRAINING_STALLED, TRAINER_ERROR, OUT_OF_MEMORY, GATED_MODEL.
 */
export function watchTraining(deps: ActivityDependencies) {
  return async (input: WatchTrainingInput): Promise<WatchResult> => {
    const { trainingId, attempt } = input;
    const step = currentStep();
    const recipe = await recipeOf(deps, trainingId, input.overrides);
    const job = jobOf(deps, input);
    const watch: Watch = { deps, input, job, recipe, step };
    const mirror = await createMirror(deps, { trainingId, attempt, job, recipe }, step);
    const pace = new Pace();
    const look = createLook(watch);
    const stall = createStallCheck(watch, Date.now());
    // The trainer's own counter goes back to the last save when it fails.
    let reachedStep = 0;
    const report = await createReporter(watch, pace);
    const resumed = await createResumeCheck(watch, mirror);
    const slow = await createSlowCheck(deps, { ...DEFAULT_INTERVALS, ...input }, recipe);
    const noteReached = async () => {
      const secondsPerStep = pace.msPerStep === null ? null : pace.msPerStep / 1_000;
      await deps.repositories.attempts.recordReached(trainingId, attempt, { lastStep: reachedStep, secondsPerStep });
    };
    try {
      for (;;) {
        const seen = await look();
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
          if (seen.state === 'failed' || seen.state === 'stopped') throw await endOf(watch, seen);
          await resumed.check(seen);
          mirror.advance(seen);
          await stall.check(seen, now);
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
 * Polls the job once; the result is null while the trainer is unreachable and the pod may still come back. Throws
 * POD_LOST.
 */
function createLook({ deps, input, job, step }: Watch): () => Promise<JobObservation | null> {
  const { trainingId, attempt, podId, podLostTimeoutMs } = input;
  let reachedAt = Date.now();
  return async () => {
    try {
      const seen = await job.observe(step.signal);
      reachedAt = Date.now();
      return seen;
    } catch (error) {
      if (!(error instanceof TemperaError) || !error.retryable) throw error;
      const silentMs = Date.now() - reachedAt;
      const lost = (why: string) => new TemperaError('POD_LOST', why, { ids: { trainingId, attempt }, cause: error });
      if (silentMs >= podLostTimeoutMs)
        throw lost(`The pod could not be reached for ${Math.round(silentMs / 1_000)} s`);
      if (await keepAlive(step, podEnd(deps, podId, step.signal))) throw lost('The pod vanished while it was training');
      return null;
    }
  };
}

/** The error for a job that ended without weights; keeps the log's tail for operators. */
async function endOf(watch: Watch, { state, info }: JobObservation): Promise<TemperaError> {
  const tail = await recordLogTail(watch);
  if (state === 'stopped')
    return new TemperaError('TRAINER_ERROR', 'Somebody stopped the job on the pod', {
      ids: { trainingId: watch.input.trainingId },
    });
  return watch.job.failure(redact(info), tail);
}
