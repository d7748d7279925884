/**
 * `npm run chaos`: trainings on the emulated cloud while everything breaks, by a plan drawn from a seed, and a report
 * of what was lost.
 */
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { untilSignal } from '../cli/signals.ts';
import { say } from '../dev/terminal.ts';
import { replayHistory } from './history.ts';
import { drawPlan } from './plan.ts';
import type { ChaosPlan } from './plan.ts';
import { planText } from './plan-text.ts';
import { reportHtml, reportText } from './report.ts';
import { runChaos } from './run.ts';

const USAGE =
  'npm run chaos -- [--runs 200] [--seed <number>] [--faults a,b] [--together 24] [--report out.html] [--json out.json] [--plan] | --replay <history.json>';
/** What a training may take when all go side by side on two slow cores, and what outages may add. Milliseconds. */
const LIMIT = { perTrainingMs: 6_000, baseMs: 300_000 };
/** The sweeper settles 20 pods in 5 s. Milliseconds. */
const SETTLE_LIMIT_MS = 180_000;

const { values: flags } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string' },
    faults: { type: 'string' },
    together: { type: 'string', default: '24' },
    report: { type: 'string' },
    json: { type: 'string' },
    plan: { type: 'boolean', default: false },
    replay: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const aborted = untilSignal();
process.exitCode = await main();

async function main(): Promise<number> {
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  if (flags.replay !== undefined) {
    await replayHistory(fromHere(flags.replay));
    say('the workflows of this checkout tell the same story');
    return 0;
  }
  const plan = drawPlan({
    seed: Number(flags.seed ?? randomInt(2 ** 31)),
    runs: Number(flags.runs),
    only: flags.faults?.split(','),
  });
  say(planText(plan, flags.plan));
  return flags.plan ? 0 : await run(plan);
}

async function run(plan: ChaosPlan): Promise<number> {
  const startedAt = Date.now();
  const report = await runChaos(plan, {
    together: Number(flags.together),
    limitMs: LIMIT.baseMs + plan.runs * LIMIT.perTrainingMs,
    settleLimitMs: SETTLE_LIMIT_MS,
    log: (line) => say(`${String(Math.round((Date.now() - startedAt) / 1_000)).padStart(5)} s  ${line}`),
    aborted,
  });
  if (report === null) return 130;
  say(reportText(report));
  if (flags.report !== undefined) writeFileSync(fromHere(flags.report), reportHtml(report));
  if (flags.json !== undefined)
    writeFileSync(fromHere(flags.json), `${JSON.stringify({ ...report, plan }, null, 2)}\n`);
  return report.violations.length === 0 ? 0 : 1;
}

/** npm changes to the project's folder; paths are relative to where the person is. */
function fromHere(path: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', path);
}
