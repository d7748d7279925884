/**
 * `npm run bench:scale`: what many trainings at the same time cost: memory, history, calls of the vendor, database
 * writes.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { untilSignal } from '../cli/signals.ts';
import { say } from '../dev/terminal.ts';
import { startBenchStack } from './bench-stack.ts';
import type { BenchStack } from './bench-stack.ts';
import { REPORT_FLAGS, conclude, refuseUnsavable } from './report.ts';
import { PHOTOS, SEEDS_APART, drawPersons } from './photos.ts';
import type { DrawnPhoto } from './photos.ts';
import { measureLengths } from './scale-lengths.ts';
import { measureRound } from './scale-round.ts';
import type { ScaleRound } from './scale-round.ts';
import { scaleTable, scaleTargets } from './scale-table.ts';

const USAGE =
  'npm run bench:scale -- [--trainings 1000] [--sizes 10,100,1000] [--hold 120] [--datasets 20] [--no-lengths] [--seed <number>] [--json] [--save]';
/** One process of each role, as in production. */
const WORKERS = [['workflow'], ['io'], ['cpu']] as const;

const { values: flags } = parseArgs({
  options: {
    trainings: { type: 'string', default: '1000' },
    sizes: { type: 'string' },
    /** How long all trainings are held while they wait. Seconds. */
    hold: { type: 'string', default: '120' },
    /** How many sets of photos the trainings take in turn: the first of each set has it curated. */
    datasets: { type: 'string', default: '20' },
    lengths: { type: 'boolean', default: true },
    /** Decides what the photos show. Default: drawn. */
    seed: { type: 'string' },
    ...REPORT_FLAGS,
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
const tell = (line: string) => (flags.json ? undefined : say(line));
const signalled = untilSignal();
process.exitCode = flags.help ? (say(USAGE), 0) : await main();

async function main(): Promise<number> {
  await refuseUnsavable(flags);
  const most = Number(flags.trainings);
  const sizes = flags.sizes?.split(',').map(Number) ?? [...[10, 100].filter((size) => size < most), most];
  const seed = flags.seed === undefined ? randomInt(1_000_000) : Number(flags.seed);
  tell(`Drawing ${flags.datasets} sets of ${PHOTOS} photos, seed ${seed} ...`);
  const sets: DrawnPhoto[][] = [];
  for (let set = 0; set < Number(flags.datasets); set += 1) sets.push(await drawPersons(seed * SEEDS_APART + set));
  const rounds: ScaleRound[] = [];
  for (const trainings of sizes) {
    tell(`\n${trainings} trainings at once, on a stack of their own`);
    const round = await onStack((stack) =>
      measureRound(stack, { trainings, sets, holdMs: Number(flags.hold) * 1_000, tell }),
    );
    if (round === null) return 130;
    rounds.push(round);
  }
  let lengths = null;
  if (flags.lengths) {
    tell('\nhistory of short and long trainings');
    lengths = await onStack((stack) => measureLengths(stack, sets[0]!));
    if (lengths === null) return 130;
  }
  tell(`\n${scaleTable(rounds, lengths)}`);
  const report = {
    targets: scaleTargets(rounds, lengths),
    skipped: [],
    figures: { seed, datasets: sets.length, photos: PHOTOS, rounds, lengths },
  };
  return await conclude('scale', report, flags);
}

/** Null when a signal asked us to stop. */
async function onStack<T>(measure: (stack: BenchStack) => Promise<T>): Promise<T | null> {
  const stack = await startBenchStack(() => undefined, { workerRoles: WORKERS });
  try {
    return await Promise.race([
      measure(stack),
      signalled.then(() => null),
      stack.broken.then((sentence) => {
        throw new Error(sentence);
      }),
    ]);
  } finally {
    await stack.stop();
  }
}
