import { NO_DELAYS } from '../emulator/client.ts';
import type { BenchStack } from './bench-stack.ts';
import { median, summarise, table } from './statistics.ts';
import type { Summary, Target } from './statistics.ts';
import { stepOf, trainOnce } from './train-once.ts';
import type { TimedTraining } from './train-once.ts';

/** A vendor that needs no time at all. */
const INSTANT_CLOUD = {
  rateLimit: null,
  loraBytes: 1_000_000,
  delaysMs: { ...NO_DELAYS, downloadFirstByte: 0 },
};
const LIMIT_MS = 1_000;

export type AddedTime = Awaited<ReturnType<typeof measureAddedTime>>['figures'];

interface AddedParams {
  /** Photos that no run before has seen. */
  readonly freshDataset: () => Promise<string>;
  readonly runs: number;
}

/**
 * From the API call to `ready`, all eight steps of the job, while the vendors take no time; curation's own time apart.
 */
export async function measureAddedTime(
  stack: BenchStack,
  { freshDataset, runs }: AddedParams,
  tell: (line: string) => void,
) {
  await stack.world.configure(INSTANT_CLOUD);
  const train = async (run: number) =>
    trainOnce(stack, {
      datasetId: await freshDataset(),
      recipe: { steps: 20, checkpointInterval: 10 },
      destinations: [{ kind: 'huggingface', repo: `tempera-demo/bench-${run}` }],
    });
  tell(`\n(a) API call to done with an instant cloud: ${runs} trainings one after the other, after one to warm up`);
  await train(0);
  const trainings: TimedTraining[] = [];
  for (let run = 1; run <= runs; run += 1) trainings.push(await train(run));

  const totalOf = (one: TimedTraining) => one.completedAt - one.calledAt;
  const curationOf = (one: TimedTraining) => {
    const { startedAt, closedAt } = stepOf(one, 'curateDataset');
    return closedAt - startedAt;
  };
  const totals = summarise(trainings.map(totalOf));
  const curation = summarise(trainings.map(curationOf));
  const others = summarise(trainings.map((one) => totalOf(one) - curationOf(one)));
  const breakdown = breakDown(trainings);
  const row = (name: string, { median: middle, p90, min, max }: Summary) => [name, ...[middle, p90, min, max].map(ms)];
  tell(
    table([
      ['', 'median', 'p90', 'min', 'max'],
      row('everything', totals),
      row('curation', curation),
      row('everything else', others),
    ]),
  );
  tell('');
  tell(
    table([
      ['median per training', 'before', 'queue', 'run'],
      ...breakdown.map((step) => [step.name, ms(step.beforeMs), ms(step.queueMs), ms(step.runMs)]),
    ]),
  );
  const target: Target = {
    name: 'time added to a training but for curation, median',
    unit: 'ms',
    measured: others.median,
    limit: LIMIT_MS,
    kind: 'at most',
  };
  return {
    target,
    figures: { runs, totalMs: totals, curationMs: curation, otherMs: others, medianByStep: breakdown },
  };
}

/**
 * `before`: since the step before closed (Temporal and the workflow). `queue`: until a worker took it. `run`: the step
 * itself.
 */
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
