/** `npm run bench:overhead`: what Tempera itself adds to a training: time to completion, and billed time of the pod. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { untilSignal } from '../cli/signals.ts';
import { say } from '../dev/terminal.ts';
import { startBenchStack } from './bench-stack.ts';
import { measureAddedTime } from './overhead-added-time.ts';
import { measurePaidTime } from './overhead-paid-time.ts';
import { PHOTOS, SEEDS_APART, drawPersons } from './photos.ts';
import { REPORT_FLAGS, conclude, refuseUnsavable } from './report.ts';

const USAGE =
  'npm run bench:overhead -- [--runs 15] [--paid-runs 10] [--steps 20] [--step-ms 200] [--seed <number>] [--json] [--save]';

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '15' },
    'paid-runs': { type: 'string', default: '10' },
    steps: { type: 'string', default: '20' },
    'step-ms': { type: 'string', default: '200' },
    /** Decides what the photos show. Default: drawn. */
    seed: { type: 'string' },
    ...REPORT_FLAGS,
    help: { type: 'boolean', default: false },
  },
});
const tell = (line: string) => (flags.json ? undefined : say(line));
const seed = flags.seed === undefined ? randomInt(1_000_000) : Number(flags.seed);
const signalled = untilSignal();
process.exitCode = flags.help ? (say(USAGE), 0) : await main();

async function main(): Promise<number> {
  await refuseUnsavable(flags);
  tell('Starting a stack of its own (Temporal, PostgreSQL, emulated cloud, worker, API) ...');
  const stack = await startBenchStack(() => undefined);
  try {
    return await Promise.race([
      measure(),
      signalled.then(() => 130),
      stack.broken.then((sentence) => {
        throw new Error(sentence);
      }),
    ]);
  } finally {
    await stack.stop();
  }

  async function measure(): Promise<number> {
    let next = seed * SEEDS_APART;
    const freshDataset = async () => stack.addDataset(await drawPersons(next++));
    const added = await measureAddedTime(stack, { freshDataset, runs: Number(flags.runs) }, tell);
    const paid = await measurePaidTime(
      stack,
      { freshDataset, runs: Number(flags['paid-runs']), steps: Number(flags.steps), stepMs: Number(flags['step-ms']) },
      tell,
    );
    return await conclude(
      'overhead',
      {
        targets: [added.target, paid.target],
        skipped: [],
        figures: { seed, photos: PHOTOS, added: added.figures, paid: paid.figures },
      },
      flags,
    );
  }
}
