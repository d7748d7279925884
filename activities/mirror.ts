/**
 * Copies checkpoints, optimizer state and samples to our store while a training runs, one file at a time, alongside the
 * polling.
 */
import { randomUUID } from 'node:crypto';
import { log } from '@temporalio/activity';
import { optimizerFilename } from '../core/checkpoint.ts';
import type { Recipe } from '../core/recipe.ts';
import { linkSignals, withTimeLimit } from '../core/time-limit.ts';
import type { Job, JobFile, JobLog, JobObservation } from '../providers/backends/job.ts';
import type { StoredObject } from '../providers/storage/object-store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { followLog } from './follow-log.ts';
import { pruneCheckpoints } from './prune-checkpoints.ts';
import { keepAlive } from './step.ts';
import type { Step } from './step.ts';
import { copyOptimizer, copyVerified } from './verified-copy.ts';

/** A finished pod still bills: pictures that take longer than this are not worth the rent. Milliseconds. */
const LAST_SAMPLES_MS = 10_000;
/** Longest that a failed attempt's pod is kept for a save that is not in our store yet. Milliseconds. */
const RESCUE_MS = 120_000;

interface MirrorParams {
  readonly trainingId: string;
  readonly attempt: number;
  readonly job: Job;
  readonly recipe: Recipe;
}

export interface Mirror {
  /** Notes how far the training is and starts to fetch what should be there by now. */
  advance(seen: JobObservation): void;
  /** Copies what is complete by now, outside the save schedule. Never throws because of the pod. */
  look(seen: JobObservation, until: AbortSignal): Promise<void>;
  /** The step by which the next checkpoint is certain to be there, or the end is due. */
  nextDueStep(step: number): number;
  /**
   * After the end: gives up on checkpoints, which the final weights replace, and fetches the last samples if they
   * arrive quickly.
   */
  finish(): Promise<void>;
  /**
   * After a failure: copies what was saved since the last poll, if the pod still serves it. Never throws because of the
   * pod.
   */
  rescue(): Promise<void>;
  /** What the trainer's log says about the optimizer state that it resumed with; read up to now. */
  optimizer(): Promise<JobLog['optimizer']>;
  /** Stops fetching and waits until nothing is in flight. */
  close(): Promise<void>;
}

export async function createMirror(deps: ActivityDependencies, params: MirrorParams, step: Step): Promise<Mirror> {
  const { trainingId, attempt, job, recipe } = params;
  const stop = new AbortController();
  const { signal, release } = linkSignals([step.signal, stop.signal]);
  const done = new Set(await deps.repositories.checkpoints.mirroredFilenames(trainingId, attempt));
  const resumedFrom = (await deps.repositories.attempts.findResume(trainingId, attempt))?.fromStep ?? 0;
  /** The furthest step seen; the trainer's own counter goes back when it fails. */
  let trained = 0;
  /** The last scheduled save that is complete in our store, or of which nothing more will come. */
  let settled = resumedFrom;
  let running: Promise<void> | null = null;

  const jobLog = followLog(job);

  /**
   * A key of its own for every copy: the watch, a save that a person asked for and a worker that was frozen copy side by
   * side, and none may overwrite or delete what another has recorded. Copies that nobody recorded go when the training ends.
   */
  const newKeyOf = (filename: string) =>
    `trainings/${trainingId}/attempts/a${attempt}/checkpoints/${randomUUID()}/${filename}`;
  const record = async (saved: number, filename: string, { key, sizeBytes, sha256 }: StoredObject) => {
    const file = { trainingId, attempt, step: saved, filename, sizeBytes, sha256, storageKey: key };
    const recorded = await deps.repositories.checkpoints.recordCheckpoint(file);
    done.add(filename);
    const unwanted = recorded.status === 'recorded' ? recorded.replaced : key;
    if (unwanted !== null) await deps.store.delete(unwanted, signal);
  };

  const interval = recipe.checkpointInterval;
  /** The latest scheduled save, finished or in progress. The last step makes the final weights instead. */
  const lastDue = (at: number) => Math.floor(Math.min(at, recipe.steps - 1) / interval) * interval;

  /** By file, the save in the log that it was fetched from. */
  const fetchedFrom = new Map<string, number>();
  /**
   * Whether a step was saved more than once, so that these weights may belong to an earlier save than the optimizer
   * beside them.
   */
  const isStale = (filename: string, saved: number): boolean =>
    jobLog.now.save?.step === saved &&
    jobLog.now.timesSaved(saved) > 1 &&
    fetchedFrom.get(filename) !== jobLog.now.save.number;

  /** Whether our store has weights to which the optimizer of their step could be added, if it is not there already. */
  const areHome = ({ filename, step: saved }: JobFile): boolean =>
    done.has(filename) && (done.has(optimizerFilename(saved!)) || !isStale(filename, saved!));

  /** A file is complete once the log says so, or when the trainer has moved past it. */
  const isWhole = ({ step: saved }: JobFile): boolean => {
    const { save } = jobLog.now;
    return saved! < Math.max(trained, save?.step ?? 0) || (save?.step === saved && save?.state !== 'begun');
  };

  /** Weights are overwritten in place when their step is saved again: what was read meanwhile is no save. */
  const fetchWeights = async (file: JobFile, until: AbortSignal): Promise<void> => {
    const times = jobLog.now.timesSaved(file.step!);
    const number = jobLog.now.save?.number ?? 0;
    const key = newKeyOf(file.filename);
    const stored = await copyVerified(deps.store, { job, file, key, onBytes: () => {}, signal: until });
    await jobLog.read(until);
    if (jobLog.now.timesSaved(file.step!) !== times) return await deps.store.delete(key, until);
    await record(file.step!, file.filename, stored);
    fetchedFrom.set(file.filename, number);
  };

  /** The optimizer of the last complete save. Each save overwrites it, so it counts only if none started meanwhile. */
  const fetchOptimizer = async (listed: readonly JobFile[], until: AbortSignal): Promise<void> => {
    const { save } = jobLog.now;
    if (save?.state !== 'whole' || save.step <= resumedFrom) return;
    const filename = optimizerFilename(save.step);
    const weights = listed.filter((file) => file.step === save.step);
    if (done.has(filename) || weights.some((file) => isStale(file.filename, save.step))) return;
    const file = await job.optimizerState(until);
    if (file === null) return;
    const stored = await copyOptimizer(deps.store, { job, file, key: newKeyOf(filename), signal: until });
    await jobLog.read(until);
    if (jobLog.now.save?.number !== save.number) return await deps.store.delete(stored.key, until);
    await record(save.step, filename, stored);
  };

  /**
   * Saves of this attempt, newest first: without the one it resumed from, and without any that would be pruned at once.
   */
  const worthFetching = (listed: readonly JobFile[]): JobFile[] => {
    const own = listed.filter((file) => (file.step ?? 0) > resumedFrom).toSorted((a, b) => b.step! - a.step!);
    const newest = [...new Set(own.map((file) => file.step))].slice(0, Math.max(2, deps.keepCheckpoints));
    return own.filter((file) => newest.includes(file.step));
  };

  const fetchSaves = async (until: AbortSignal): Promise<void> => {
    const listed = await job.files(until);
    for (const file of worthFetching(listed)) {
      if (areHome(file) || !isWhole(file)) continue;
      // While a file is fetched again, its save must not be resumed from.
      if (done.delete(file.filename)) {
        const { filename } = file;
        const storageKey = await deps.repositories.checkpoints.forgetFile({ trainingId, attempt, filename });
        if (storageKey !== null) await deps.store.delete(storageKey, until);
      }
      await fetchWeights(file, until);
    }
    await fetchOptimizer(listed, until);
    await pruneCheckpoints(deps, params, until);
  };

  /** The state of the log's last save when everything available had been fetched. */
  let fetchedUpTo = '';
  const progressOfSave = (): string => {
    const { save } = jobLog.now;
    return save === null || save.state === 'begun' || save.step <= resumedFrom ? '' : `${save.number} ${save.state}`;
  };
  /** Reads the log, and asks for files only when it mentions some that we do not have, or when they must be there. */
  const fetchNews = async (mustBeThere: boolean, until: AbortSignal): Promise<void> => {
    await jobLog.read(until);
    const upTo = progressOfSave();
    if (!mustBeThere && (upTo === '' || upTo === fetchedUpTo)) return;
    await fetchSaves(until);
    fetchedUpTo = upTo;
  };

  const fetchSamples = async (until: AbortSignal) => {
    for (const sample of await job.samples(until)) {
      const name = `${String(sample.step).padStart(9, '0')}_${sample.promptIndex}`;
      if (done.has(name)) continue;
      const key = `trainings/${trainingId}/attempts/a${attempt}/samples/${name}${/\.[a-z]+$/.exec(sample.path)?.[0] ?? '.jpg'}`;
      const body = await job.open(sample.path, until);
      await deps.store.put(key, body, { signal: until });
      await deps.repositories.samples.recordSample({
        trainingId,
        attempt,
        step: sample.step,
        promptIndex: sample.promptIndex,
        storageKey: key,
      });
      done.add(name);
    }
  };

  const fetchNewsAndSamples = async (mustBeThere: boolean, until: AbortSignal): Promise<void> => {
    await fetchNews(mustBeThere, until);
    await fetchSamples(until);
  };

  /** The next poll tries again; a checkpoint that cannot be fetched must not end a healthy training. */
  const note = (error: unknown) => {
    if (!step.signal.aborted && !(stop.signal.aborted && running))
      log.warn('a checkpoint or sample could not be copied', { error, trainingId, attempt });
  };

  return {
    advance(seen) {
      trained = Math.max(trained, seen.step);
      const due = lastDue(seen.step);
      // The row says N for a whole step before N is saved, and moves on once the save and its samples are done.
      const isOver = seen.step > due;
      if (running || due <= settled || (!isOver && done.has(optimizerFilename(due)))) return;
      const fetching = async () => {
        // A trainer that is training again has finished its save: an optimizer that is not there by now will not come.
        await fetchNews(isOver && !done.has(optimizerFilename(due)), signal);
        if (!isOver) return;
        await fetchSamples(signal);
        settled = due;
      };
      running = fetching()
        .catch(note)
        .finally(() => {
          running = null;
        });
    },
    async look(seen, until) {
      trained = Math.max(trained, seen.step);
      await running;
      const either = linkSignals([signal, until]);
      await keepAlive(step, fetchNewsAndSamples(false, either.signal)).catch(note);
      either.release();
    },
    nextDueStep(at) {
      const due = lastDue(at);
      return at === due && due > settled ? at + 1 : Math.min(recipe.steps, due + interval + 1);
    },
    async finish() {
      stop.abort();
      await running;
      await keepAlive(step, withTimeLimit(LAST_SAMPLES_MS, step.signal, fetchSamples)).catch(note);
    },
    async rescue() {
      await running;
      if (step.signal.aborted) return;
      const rescued = withTimeLimit(RESCUE_MS, step.signal, (inTime) => fetchNewsAndSamples(true, inTime));
      await keepAlive(step, rescued).catch(note);
    },
    async optimizer() {
      await keepAlive(step, jobLog.read(step.signal));
      return jobLog.now.optimizer;
    },
    async close() {
      const pending = running;
      stop.abort();
      await pending;
      release();
    },
  };
}
