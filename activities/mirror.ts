/** Brings checkpoints and samples home while a training runs, one file at a time, beside the polling. */
import { log } from '@temporalio/activity';
import type { Recipe } from '../core/recipe.ts';
import type { TrainerFile, TrainerObservation, TrainerTarget } from '../providers/trainers/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { keepAlive } from './step.ts';
import type { Step } from './step.ts';
import { copyVerified } from './verified-copy.ts';

/** A finished pod bills: pictures that take longer than this are not worth its rent. Milliseconds. */
const LAST_SAMPLES_MS = 10_000;

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
  /** The step at which the next checkpoint, or the end, is due. */
  nextDueStep(step: number): number;
  /** After the end: gives up checkpoints, which the final weights replace, and fetches the last samples if they come quickly. */
  finish(): Promise<void>;
  /** Stops fetching and waits until nothing is under way. */
  close(): Promise<void>;
}

export async function createMirror(deps: ActivityDependencies, params: MirrorParams, step: Step): Promise<Mirror> {
  const { trainingId, attempt, jobId, target, recipe } = params;
  const stop = new AbortController();
  const signal = AbortSignal.any([step.signal, stop.signal]);
  const done = new Set(await deps.repositories.attempts.mirroredFilenames(trainingId, attempt));
  const sizes = new Map<string, number>();
  let lookedStep = 0;
  let running: Promise<void> | null = null;

  const interval = recipe.checkpointInterval;
  const lastDue = (at: number) => Math.floor(at / interval) * interval;

  /** A file is whole when a newer one exists, when its size stood still between two looks, or when the trainer trains on. */
  const whole = (file: TrainerFile, all: readonly TrainerFile[], saving: boolean): boolean => {
    const before = sizes.get(file.filename);
    sizes.set(file.filename, file.sizeBytes);
    return !saving || before === file.sizeBytes || all.some((other) => (other.step ?? 0) > (file.step ?? 0));
  };

  const fetchAll = async (saving: boolean): Promise<boolean> => {
    const listed = await deps.trainer.files(target, jobId, signal);
    const checkpoints = listed
      .filter((file) => file.step !== null && !done.has(file.filename))
      .toSorted((a, b) => b.step! - a.step!);
    let complete = true;
    for (const file of checkpoints) {
      if (!whole(file, listed, saving)) {
        complete = false;
        continue;
      }
      const key = `trainings/${trainingId}/attempts/a${attempt}/checkpoints/${file.filename}`;
      const stored = await copyVerified(deps, { target, file, key, onBytes: () => {}, signal });
      await deps.repositories.attempts.recordCheckpoint({
        trainingId,
        attempt,
        step: file.step!,
        filename: file.filename,
        sizeBytes: stored.sizeBytes,
        sha256: stored.sha256,
        storageKey: key,
      });
      done.add(file.filename);
    }
    await fetchSamples(signal);
    return complete;
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
      running = fetchAll(/saving/i.test(seen.info))
        .then((complete) => {
          if (complete) lookedStep = due;
        })
        .catch(note)
        .finally(() => {
          running = null;
        });
    },
    nextDueStep: (at) => Math.min(recipe.steps, lastDue(at) + interval),
    async finish() {
      stop.abort();
      await running;
      const inTime = AbortSignal.any([step.signal, AbortSignal.timeout(LAST_SAMPLES_MS)]);
      await keepAlive(step, fetchSamples(inTime)).catch(note);
    },
    async close() {
      const pending = running;
      stop.abort();
      await pending;
    },
  };
}
