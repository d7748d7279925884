import type { BenchStack } from './bench-stack.ts';
import { median, summarise, table } from './statistics.ts';
import type { Target } from './statistics.ts';
import { trainOnce } from './train-once.ts';
import type { TimedTraining } from './train-once.ts';
import { UP_AT_ONCE } from './world-admin.ts';

/** A vendor that needs no time at all. */
const INSTANT_CLOUD = {
  rateLimit: null,
  loraBytes: 1_000_000,
  delaysMs: { ...UP_AT_ONCE, step: 0, save: 0, sample: 0, downloadFirstByte: 0 },
};
const LIMIT_MS = 1_500;

/** From the API call to `ready`, all eight steps of the job, while the vendors take no time. */
export async function measureAddedTime(stack: BenchStack, runs: number, tell: (line: string) => void) {
  await stack.world.configure(INSTANT_CLOUD);
  const train = (run: number) =>
    trainOnce(stack, {
      recipe: { steps: 20, checkpointInterval: 10 },
      destinations: [{ kind: 'huggingface', repo: `tempera-demo/bench-${run}` }],
    });
  tell(`\n(a) API call to done with an instant cloud: ${runs} trainings one after the other, after one to warm up`);
  await train(0);
  const trainings: TimedTraining[] = [];
  for (let run = 1; run <= runs; run += 1) trainings.push(await train(run));

  const totals = summarise(trainings.map((one) => one.completedAt - one.calledAt));
  tell(`median ${ms(totals.median)}  p90 ${ms(totals.p90)}  min ${ms(totals.min)}  max ${ms(totals.max)}\n`);
  const breakdown = breakDown(trainings);
  tell(
    table([
      ['median per training', 'before', 'queue', 'run'],
      ...breakdown.map((row) => [row.name, ms(row.beforeMs), ms(row.queueMs), ms(row.runMs)]),
    ]),
  );
  const target: Target = {
    name: 'time added to a training, median',
    unit: 'ms',
    measured: totals.median,
    limit: LIMIT_MS,
    kind: 'at most',
  };
  return { target, figures: { runs, totalMs: totals, medianByStep: breakdown } };
}

/** `before`: since the step before closed (Temporal and the workflow). `queue`: until a worker took it. `run`: the step itself. */
function breakDown(trainings: readonly TimedTraining[]) {
  const names = trainings[0]?.steps.map((step, index) => `${index + 1} ${step.name}`) ?? [];
  const rows = names.map((name, index) => {
    const parts = trainings.flatMap(({ steps, workflowStartedAt }) => {
      const step = steps[index];
      if (!step) return [];
      const before = step.scheduledAt - (steps[index - 1]?.closedAt ?? workflowStartedAt);
      return [{ before, queue: step.startedAt - step.scheduledAt, run: step.closedAt - step.startedAt }];
    });
    const of = (key: 'before' | 'queue' | 'run') => median(parts.map((part) => part[key]));
    return { name, beforeMs: of('before'), queueMs: of('queue'), runMs: of('run') };
  });
  const answer = median(trainings.map((one) => one.workflowStartedAt - one.calledAt));
  return [{ name: '0 call until the workflow began', beforeMs: 0, queueMs: 0, runMs: answer }, ...rows];
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
