/**
 * One size of `npm run bench:scale`: many trainings at the same time, first all waiting for their pods, then all
 * running to their ends.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce } from '../core/at-once.ts';
import type { ConfigPatch } from '../emulator/client.ts';
import type { BenchStack } from './bench-stack.ts';
import { countersBetween, watchDatabase } from './database-counters.ts';
import type { DatabaseWatch } from './database-counters.ts';
import { actionsOf, eventsOf } from './history.ts';
import { sampleMemory } from './memory.ts';
import type { DrawnPhoto } from './photos.ts';
import { summarise } from './statistics.ts';
import { temporalRequests } from './worker-metrics.ts';

/**
 * A vendor that boots at once and holds us to its quota, the example of its OpenAPI document; then each step takes
 * time.
 */
const HELD_CLOUD = {
  rateLimit: [
    { name: 'minute', quota: 60, windowSec: 60 },
    { name: 'hour', quota: 3_000, windowSec: 3_600 },
    { name: 'day', quota: 50_000, windowSec: 86_400 },
  ],
  loraBytes: 100_000,
  optimizerBytes: 25_000,
  delaysMs: {
    provisioning: 200,
    starting: 100,
    ports: 100,
    app: 100,
    workerTick: 100,
    modelLoad: 0,
    datasetLoad: 0,
    step: 4_000,
    save: 0,
    sample: 0,
    downloadFirstByte: 0,
  },
} satisfies ConfigPatch;
/**
 * Long enough, at 4 s per step, that none ends before all are waiting; with checkpoints that are due only once time
 * runs on.
 */
const RECIPE = { steps: 2_000, checkpointInterval: 1_000, sampleInterval: 0 };
/**
 * Trainings that are started, and whose histories are read, at the same time: a server on the same machine refuses a
 * thousand.
 */
const AT_ONCE = 4;
/**
 * Far beyond what any phase takes, also of a thousand trainings at 60 calls a minute; a stack that hangs must not block
 * the benchmark.
 */
const PHASE_LIMIT_MS = 3 * 3_600_000;
const MINUTE_MS = 60_000;

interface RoundParams {
  readonly trainings: number;
  /** Photos of the datasets that the trainings take in turn. */
  readonly sets: readonly (readonly DrawnPhoto[])[];
  readonly holdMs: number;
  readonly tell: (line: string) => void;
}

export type ScaleRound = Awaited<ReturnType<typeof measureRound>>;

/** Starts the trainings, holds them while all of them wait in `watchTraining`, lets them end, and counts meanwhile. */
export async function measureRound(stack: BenchStack, { trainings, sets, holdMs, tell }: RoundParams) {
  const datasetIds: string[] = [];
  for (const photos of sets) datasetIds.push(await stack.addDataset(photos));
  let sentAgain = 0;
  const start = async (repo: string, index: number) => {
    const body = {
      name: 'scale',
      datasetId: datasetIds[index % datasetIds.length],
      baseModel: 'sdxl',
      triggerWord: 'ohwx',
      recipe: RECIPE,
      destinations: [{ kind: 'huggingface', repo: `tempera-demo/${repo}` }],
    };
    const key = randomUUID();
    for (;;) {
      try {
        return (await stack.api.startTraining(body, key)).id;
      } catch (error) {
        // What the API itself advises on a busy machine: the same request again, which starts nothing twice.
        if (!/NOT_STARTED|DATABASE_UNAVAILABLE/.test(String(error))) throw error;
        sentAgain += 1;
      }
    }
  };
  const database = await watchDatabase(stack.databaseUrl);
  const memory = await sampleMemory(stack.workers.map(({ pid }) => pid));
  const calls = watchCalls(stack);
  try {
    // One complete training first, so that all code is loaded before anything is measured.
    await letGo(stack);
    await start('warm-up', 0);
    await untilRows(database, "status = 'ready'", 1);
    await stack.world.configure(HELD_CLOUD);
    await sleep(2_000);
    const idle = memory.now();
    const idleSeconds = await memory.processorSeconds();

    const startedAt = Date.now();
    const before = await vendorCalls(stack);
    const ids: string[] = [];
    await inParallel(trainings, AT_ONCE, async (index) => ids.push(await start(`scale-${index}`, index)));
    const acceptedMs = Date.now() - startedAt;
    tell(`  ${trainings} accepted after ${seconds(acceptedMs)}`);
    await untilRows(database, "status = 'training' AND progress_step > 0", trainings);
    const waitingMs = Date.now() - startedAt;
    const running = (await stack.world.book()).trainings.filter((one) => one.endedAtMs === null).length;
    if (running !== trainings) throw new Error(`${running} trainers run instead of ${trainings}`);
    tell(`  all wait after ${seconds(waitingMs)}; held for ${seconds(holdMs)}`);
    const startCalls = difference(before, await vendorCalls(stack));

    const held = await measureHold(stack, database, holdMs);
    const waiting = memory.now();
    const stillRunning = (await stack.world.book()).trainings.filter((one) => one.endedAtMs === null).length;
    if (stillRunning !== trainings) throw new Error(`${trainings - stillRunning} trainers ended while they were held`);

    const letGoAt = Date.now();
    await letGo(stack);
    await untilRows(database, "status IN ('ready', 'failed', 'cancelled')", trainings + 1);
    const endedMs = Date.now() - letGoAt;
    const rows = await database.query<{ status: string }>('SELECT status::text FROM lora_models');
    const ready = rows.filter(({ status }) => status === 'ready').length - 1;
    tell(`  ${ready} ready ${seconds(endedMs)} after they were let go`);

    const histories: Awaited<ReturnType<typeof eventsOf>>[] = [];
    await inParallel(trainings, AT_ONCE, async (index) => {
      histories.push(await eventsOf(stack.temporal, ids[index - 1]!));
    });
    const together = memory.peakTogether();
    const usedSeconds = (await memory.processorSeconds()).map((used, index) => used - idleSeconds[index]!);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      trainings,
      ready,
      startsSentAgain: sentAgain,
      seconds: {
        accepted: acceptedMs / 1_000,
        allWaiting: waitingMs / 1_000,
        held: holdMs / 1_000,
        ended: endedMs / 1_000,
      },
      memoryBytes: {
        peakTogether: together,
        byProcess: (await memory.peaks()).map((peak, index) => ({
          roles: stack.workers[index]!.roles,
          idle: idle[index]!,
          waiting: waiting[index]!,
          peak,
        })),
        perWaitingTraining: (sum(waiting) - sum(idle)) / trainings,
      },
      processorSecondsPerTraining: usedSeconds.map((used, index) => ({
        roles: stack.workers[index]!.roles,
        seconds: used / trainings,
      })),
      events: summarise(histories.map((events) => events.length)),
      temporal: {
        actionsPerTraining: summarise(histories.map(actionsOf)),
        heartbeatsPerTrainingHour: held.heartbeats / trainings / held.hours,
      },
      vendor: {
        callsPerTraining: sum(Object.values(difference(before, await vendorCalls(stack)))) / trainings,
        callsToStart: startCalls,
        listsPerMinute: { mostInAnyMinute: calls.mostLists(), held: (held.vendorCalls[LIST] ?? 0) / held.hours / 60 },
        mostCallsInAnyMinute: calls.most(),
        callsPerHourHeld: sum(Object.values(held.vendorCalls)) / held.hours,
      },
      database: {
        writesPerTrainingHour: sum(Object.values(held.database.writes)) / trainings / held.hours,
        writesHeld: held.database.writes,
        transactionsPerTrainingHour: held.database.transactions / trainings / held.hours,
      },
    };
  } finally {
    calls.stop();
    memory.stop();
    await database.close();
  }
}

async function measureHold(stack: BenchStack, database: DatabaseWatch, holdMs: number) {
  const heartbeats = async () => {
    const counts = await Promise.all(stack.workers.map(({ metricsUrl }) => temporalRequests(metricsUrl!)));
    return counts.reduce((sum, count) => sum + (count['RecordActivityTaskHeartbeat'] ?? 0), 0);
  };
  const from = {
    at: Date.now(),
    calls: await vendorCalls(stack),
    database: await database.read(),
    beats: await heartbeats(),
  };
  await sleep(holdMs);
  const hours = (Date.now() - from.at) / 3_600_000;
  return {
    hours,
    vendorCalls: difference(from.calls, await vendorCalls(stack)),
    database: countersBetween(from.database, await database.read()),
    heartbeats: (await heartbeats()) - from.beats,
  };
}

/** From now on, steps take no time. */
async function letGo({ world }: BenchStack): Promise<void> {
  await world.configure({ ...HELD_CLOUD, delaysMs: { ...HELD_CLOUD.delaysMs, step: 0 } });
}

const LIST = 'GET /v2/pods';

/** Calls of the vendor's API by method and route; those to pods do not count against its quota. */
async function vendorCalls({ world }: BenchStack): Promise<Record<string, number>> {
  const { requests } = await world.book();
  return Object.fromEntries(Object.entries(requests).filter(([route]) => / \/v2\//.test(route)));
}

function difference(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) {
  const grown = Object.entries(after).map(([route, count]) => [route, count - (before[route] ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0));
}

/**
 * The most calls to the vendor in any minute, and the most lists of pods, read every five seconds. Refused calls count.
 */
function watchCalls(stack: BenchStack) {
  const seen: { at: number; lists: number; all: number }[] = [];
  const most = { lists: 0, all: 0 };
  const look = async () => {
    const counts = await vendorCalls(stack);
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const now = { at: Date.now(), lists: counts[LIST] ?? 0, all };
    seen.push(now);
    while (seen[0] && now.at - seen[0].at > MINUTE_MS) seen.shift();
    most.lists = Math.max(most.lists, now.lists - (seen[0]?.lists ?? 0));
    most.all = Math.max(most.all, now.all - (seen[0]?.all ?? 0));
  };
  // The count only grows: if a reading fails on a busy machine, the next one makes up for it.
  const timer = setInterval(() => void look().catch(() => undefined), 5_000);
  return { mostLists: () => most.lists, most: () => most.all, stop: () => clearInterval(timer) };
}

async function untilRows(database: DatabaseWatch, condition: string, wanted: number): Promise<void> {
  const deadline = Date.now() + PHASE_LIMIT_MS;
  for (;;) {
    const [row] = await database.query<{ count: number }>(`SELECT count(*)::int FROM lora_models WHERE ${condition}`);
    if ((row?.count ?? 0) >= wanted) return;
    if (Date.now() > deadline) throw new Error(`only ${row?.count} of ${wanted} trainings have ${condition}`);
    await sleep(1_000);
  }
}

async function inParallel(count: number, limit: number, work: (index: number) => Promise<unknown>): Promise<void> {
  await atOnce(limit, [...Array(count).keys()], (index) => work(index + 1));
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
