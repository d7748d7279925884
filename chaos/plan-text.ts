import type { ChaosPlan, PlannedTraining } from './plan.ts';

/** The plan for a person: its counts, and with `whole` every training and outage of it. */
export function planText(plan: ChaosPlan, whole: boolean): string {
  const kinds = plan.trainings.flatMap((training) => [
    ...training.faults.map(({ kind }) => kind),
    ...training.acts.map(({ kind }) => kind),
  ]);
  const head = [
    `seed ${plan.seed}, ${plan.runs} trainings`,
    `of single trainings: ${counted(kinds)}`,
    `of all: ${counted(plan.outages.map(({ kind }) => kind))}`,
  ];
  if (!whole) return head.join('\n');
  const outages = plan.outages.map(
    ({ kind, afterStarted, afterMs, phase, lengthMs }) =>
      `after ${afterStarted} starts and ${afterMs} ms, at some training's ${phase}: ${kind}${lengthMs > 0 ? ` for ${lengthMs} ms` : ''}`,
  );
  return [...head, ...plan.trainings.map(trainingText), ...outages].join('\n');
}

function trainingText({ index, request, faults, acts }: PlannedTraining): string {
  const { baseModel, destinations, samples, ceiling } = request;
  const parts = [
    [baseModel, destinations.join(' and '), ...(samples ? ['samples'] : []), ...(ceiling ? ['ceiling'] : [])].join(
      ', ',
    ),
    ...faults.map(({ kind, attempt, faults: [first] }) => {
      const step = first?.['step'];
      return `a${attempt} ${kind}${typeof step === 'number' ? ` at step ${step}` : ''}`;
    }),
    ...acts.map(({ verbs, phase, afterMs }) => {
      const words = verbs.map(({ verb, afterMs: ms }, nth) => (nth === 0 ? verb : `${verb} ${ms} ms later`));
      return `${words.join(', ')}, ${afterMs} ms into ${phase}`;
    }),
  ];
  return `training ${index}: ${parts.join('; ')}`;
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const parts = [...counts].toSorted(([a], [b]) => a.localeCompare(b)).map(([name, count]) => `${count} ${name}`);
  return parts.join(', ') || 'nothing';
}
