/** Brings checkpoints, the optimizer's state and samples home while a training runs, one file at a time, beside the polling. */
import { log } from '@temporalio/activity';
import { optimizerFilename } from '../core/checkpoint.ts';
import type { Recipe } from '../core/recipe.ts';
import { linkSignals, withTimeLimit } from '../core/time-limit.ts';
import type { StoredObject } from '../providers/storage/object-store.ts';
import type { TrainerFile, TrainerLog, TrainerObservation, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { pruneCheckpoints } from './prune-checkpoints.ts';
import { keepAlive } from './step.ts';
import type { Step } from './step.ts';
import { copyOptimizer, copyVerified } from './verified-copy.ts';

/** A finished pod bills: pictures that take longer than this are not worth its rent. Milliseconds. */
const LAST_SAMPLES_MS = 10_000;
/** Longest that a failed attempt's pod is kept for a save that is not at home yet. Milliseconds. */
const RESCUE_MS = 120_000;

interface MirrorParams {
  readonly trainingId: string;
  readonly attempt: number;
  readonly jobId: string;
  readonly target: TrainerTarget;
  readonly recipe: Recipe;
}

export interface Mirror {
  /** Takes note of where the training is; begins to fetch what should be there by now. */
  advance(seen: TrainerObservation): void;
  /** Brings home what is whole by now, outside of the schedule of saves. Never throws for the pod. */
  look(seen: TrainerObservation, until: AbortSignal): Promise<void>;
  /** The step at which the next checkpoint, or the end, is due. */
  nextDueStep(step: number): number;
  /** After the end: gives up checkpoints, which the final weights replace, and fetches the last samples if they come quickly. */
  finish(): Promise<void>;
  /** After a failure: brings home what was saved since the last look, if the pod still gives it. Never throws for the pod. */
  rescue(): Promise<void>;
  /** What the trainer's log says of the optimizer that it went on with; read up to now. */
  optimizer(): Promise<TrainerLog['optimizer']>;
  /** Stops fetching and waits until nothing is under way. */
  close(): Promise<void>;
}

export async function createMirror(deps: ActivityDependencies, params: MirrorParams, step: Step): Promise<Mirror> {
  const { trainingId, attempt, jobId, target, recipe } = params;
  const stop = new AbortController();
  const { signal, release } = linkSignals([step.signal, stop.signal]);
  const done = new Set(await deps.repositories.attempts.mirroredFilenames(trainingId, attempt));
  const resumedFrom = (await deps.repositories.attempts.findResume(trainingId, attempt))?.fromStep ?? 0;
  const sizes = new Map<string, number>();
  let lookedStep = 0;
  let running: Promise<void> | null = null;

  const trainerLog = deps.trainer.createLog();
  let logOffset = 0;
  let reading: Promise<void> = Promise.resolve();
  /** One after the other: two readers would each add the same piece. */
  const readLog = async (until: AbortSignal) => {
    const before = reading;
    const next = (async () => {
      await before;
      const { text, offset } = await deps.trainer.log(target, jobId, logOffset, until);
      logOffset = offset;
      trainerLog.add(text);
    })();
    // Whoever reads next reads what this one could not.
    reading = next.catch(() => undefined);
    await next;
  };

  const keyOf = (filename: string) => `trainings/${trainingId}/attempts/a${attempt}/checkpoints/${filename}`;
  const record = async (saved: number, filename: string, { key, sizeBytes, sha256 }: StoredObject) => {
    const file = { trainingId, attempt, step: saved, filename, sizeBytes, sha256, storageKey: key };
    await deps.repositories.attempts.recordCheckpoint(file);
    done.add(filename);
  };

  const interval = recipe.checkpointInterval;
  const lastDue = (at: number) => Math.floor(at / interval) * interval;

  /** A file is whole when a newer one exists, when its size stood still between two looks, or when the trainer trains on. */
  const whole = (file: TrainerFile, all: readonly TrainerFile[], saving: boolean): boolean => {
    const before = sizes.get(file.filename);
    sizes.set(file.filename, file.sizeBytes);
    return !saving || before === file.sizeBytes || all.some((other) => (other.step ?? 0) > (file.step ?? 0));
  };

  /** The optimizer of the last whole save. It is written over at each save, so it counts only when none began meanwhile. */
  const fetchOptimizer = async (until: AbortSignal): Promise<boolean> => {
    await readLog(until);
    const saved = trainerLog.wholeSave;
    if (saved === null) return false;
    const filename = optimizerFilename(saved);
    if (done.has(filename)) return true;
    const file = await deps.trainer.optimizerState(target, jobId, until);
    if (file === null) return false;
    const stored = await copyOptimizer(deps, { target, file, key: keyOf(filename), signal: until });
    await readLog(until);
    if (trainerLog.wholeSave !== saved) {
      await deps.store.delete(stored.key, until);
      return false;
    }
    await record(saved, filename, stored);
    return true;
  };

  /** Saves of this attempt, newest first: not the one that it was given, and none that would be thrown away at once. */
  const worthFetching = (listed: readonly TrainerFile[]): TrainerFile[] => {
    const own = listed.filter((file) => (file.step ?? 0) > resumedFrom).toSorted((a, b) => b.step! - a.step!);
    const newest = [...new Set(own.map((file) => file.step))].slice(0, Math.max(2, deps.keepCheckpoints));
    return own.filter((file) => newest.includes(file.step));
  };

  const fetchAll = async (saving: boolean, signal: AbortSignal): Promise<boolean> => {
    const listed = await deps.trainer.files(target, jobId, signal);
    const checkpoints = worthFetching(listed).filter((file) => !done.has(file.filename));
    let complete = true;
    for (const file of checkpoints) {
      if (!whole(file, listed, saving)) {
        complete = false;
        continue;
      }
      const key = keyOf(file.filename);
      await record(
        file.step!,
        file.filename,
        await copyVerified(deps, { target, file, key, onBytes: () => {}, signal }),
      );
    }
    const hasOptimizer = await fetchOptimizer(signal);
    await pruneCheckpoints(deps, params, signal);
    await fetchSamples(signal);
    return complete && hasOptimizer;
  };

  const fetchSamples = async (until: AbortSignal) => {
    for (const sample of await deps.trainer.samples(target, jobId, until)) {
      const name = `${String(sample.step).padStart(9, '0')}_${sample.promptIndex}`;
      if (done.has(name)) continue;
      const key = `trainings/${trainingId}/attempts/a${attempt}/samples/${name}${/\.[a-z]+$/.exec(sample.path)?.[0] ?? '.jpg'}`;
      const body = await deps.trainer.open(target, sample.path, until);
      await deps.store.put(key, body, { signal: until });
      await deps.repositories.attempts.recordSample({
        trainingId,
        attempt,
        step: sample.step,
        promptIndex: sample.promptIndex,
        storageKey: key,
      });
      done.add(name);
    }
  };

  /** The next look tries again; a checkpoint that cannot be had must not end a training that runs well. */
  const note = (error: unknown) => {
    if (!step.signal.aborted && !(stop.signal.aborted && running))
      log.warn('a checkpoint or sample could not be brought home', { error, trainingId, attempt });
  };

  return {
    advance(seen) {
      const due = lastDue(seen.step);
      if (running || due === 0 || due <= lookedStep) return;
      running = fetchAll(/saving/i.test(seen.info), signal)
        .then((complete) => {
          // A trainer that trains on has ended its save: an optimizer that is not there by now will not come.
          if (complete || seen.step > due) lookedStep = due;
        })
        .catch(note)
        .finally(() => {
          running = null;
        });
    },
    async look(seen, until) {
      await running;
      const either = linkSignals([signal, until]);
      await keepAlive(step, fetchAll(/saving/i.test(seen.info), either.signal)).catch(note);
      either.release();
    },
    nextDueStep: (at) => Math.min(recipe.steps, lastDue(at) + interval),
    async finish() {
      stop.abort();
      await running;
      await keepAlive(step, withTimeLimit(LAST_SAMPLES_MS, step.signal, fetchSamples)).catch(note);
    },
    async rescue() {
      await running;
      if (step.signal.aborted) return;
      const rescued = withTimeLimit(RESCUE_MS, step.signal, (inTime) => fetchAll(false, inTime));
      await keepAlive(step, rescued).catch(note);
    },
    async optimizer() {
      await keepAlive(step, readLog(step.signal));
      return trainerLog.optimizer;
    },
    async close() {
      const pending = running;
      stop.abort();
      await pending;
      release();
    },
  };
}
