/**
 * Plays a plan on an installation: trainings side by side, outages beside them, then rest until the money is settled.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce } from '../core/at-once.ts';
import { drawPhoto } from '../dev/photos.ts';
import { startMonitor } from './monitor.ts';
import { runOutages } from './outages.ts';
import type { OutageRecord } from './outages.ts';
import type { ChaosPlan } from './plan.ts';
import { patiently } from './patience.ts';
import { playTraining } from './play-training.ts';
import type { PlayedTraining } from './play-training.ts';
import { startSaveLog } from './save-log.ts';
import type { SavedFile } from './save-log.ts';
import type { ChaosStack } from './stack.ts';

/** One more than curation's minimum. */
const PHOTOS = 6;

export interface Played {
  readonly trainings: readonly PlayedTraining[];
  readonly outages: readonly OutageRecord[];
  readonly saves: readonly SavedFile[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

interface PlayOptions {
  /** Trainings at the same time. */
  readonly together: number;
  /** The trainings must have ended by then. Milliseconds from the first start. */
  readonly limitMs: number;
  /** Longest wait for the sweeper's last settlements. Milliseconds. */
  readonly settleLimitMs: number;
  readonly log: (line: string) => void;
}

/** Plays the whole plan. Trainings that have not ended by the limit are left as they are: the checks say so. */
export async function play(stack: ChaosStack, plan: ChaosPlan, options: PlayOptions): Promise<Played> {
  const datasetId = await makeDataset(stack);
  const startedAtMs = Date.now();
  const monitor = startMonitor(stack.rows);
  const counter = createCounter();
  const over = new AbortController();
  const outages = runOutages(stack, plan, { started: counter.reached, monitor, signal: over.signal, log: options.log });
  const saves = startSaveLog(stack.rows);
  const limit = setTimeout(() => {
    options.log('the time is over: what has not ended is left as it is');
    over.abort();
    void monitor.stop();
  }, options.limitMs);
  const trainings: PlayedTraining[] = [];
  const common = { stack, monitor, datasetId, seed: plan.seed, onStarted: counter.add, signal: over.signal };
  await atOnce(options.together, plan.trainings, async (planned) => {
    if (over.signal.aborted) return;
    try {
      trainings.push(await playTraining({ ...common, planned }));
    } catch (error) {
      // It counts as not accepted; the others go ahead.
      options.log(`training ${planned.index}: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
    if (trainings.length % 25 === 0) options.log(`${trainings.length} of ${plan.runs} trainings have ended`);
  });
  clearTimeout(limit);
  over.abort();
  counter.release();
  const records = await outages;
  await monitor.stop();
  const endedAtMs = Date.now();
  await settled(stack, options.settleLimitMs);
  return { trainings, outages: records, saves: await saves.stop(), startedAtMs, endedAtMs };
}

/** One dataset for all: no face model is loaded, and every photo is analysed once. */
async function makeDataset({ client }: ChaosStack): Promise<string> {
  const photos = await Promise.all(Array.from({ length: PHOTOS }, (_, index) => drawPhoto(index + 1)));
  const { body: uploaded } = await client.upload<{ images: { id: string }[] }>('/v1/images', () => {
    const form = new FormData();
    photos.forEach((bytes, index) => form.append('files', new Blob([new Uint8Array(bytes)]), `${index + 1}.jpg`));
    return form;
  });
  const { body: dataset } = await client.post<{ id: string }>('/v1/datasets', {
    name: 'chaos',
    imageIds: uploaded.images.map(({ id }) => id),
    curation: { subjectKind: 'style' },
  });
  return dataset.id;
}

/**
 * Waits until no pod is alive, every ledger row is settled and no row says `training`; the checks report what never
 * settled.
 */
async function settled({ rows, world }: ChaosStack, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const open = await patiently(() => rows.pod.count({ where: { costSettled: false, externalId: { not: null } } }));
    const running = await patiently(() => rows.loraModel.count({ where: { status: { in: ['pending', 'training'] } } }));
    // The book is long: it is read only once our own records say that everything has ended.
    const isOver = Date.now() > deadline;
    if (isOver || (open === 0 && running === 0 && (await world.book()).aliveNow.length === 0)) return;
    await sleep(500);
  }
}

/** Counts started trainings and wakes whoever waits for a number of them. */
function createCounter() {
  let count = 0;
  let isReleased = false;
  const waiting: { wanted: number; done: () => void }[] = [];
  const wake = () => {
    for (const entry of waiting.filter(({ wanted }) => isReleased || wanted <= count)) {
      waiting.splice(waiting.indexOf(entry), 1);
      entry.done();
    }
  };
  return {
    add: () => {
      count += 1;
      wake();
    },
    reached: (wanted: number) =>
      new Promise<void>((done) => {
        waiting.push({ wanted, done });
        wake();
      }),
    release: () => {
      isReleased = true;
      wake();
    },
  };
}
