/** The figures of `npm run bench:scale` side by side, and the targets. */
import type { measureLengths } from './scale-lengths.ts';
import type { ScaleRound } from './scale-round.ts';
import { table } from './statistics.ts';
import type { Target } from './statistics.ts';

export type Lengths = Awaited<ReturnType<typeof measureLengths>>;

const MIB = 1024 * 1024;

/** One column per size, as a person at a terminal reads it. */
export function scaleTable(rounds: readonly ScaleRound[], lengths: Lengths | null): string {
  const history = lengths === null ? '' : `\n\n${lengthsSentence(lengths)}`;
  return table(scaleRows(rounds)) + history;
}

export function lengthsSentence({ short, long }: Lengths): string {
  return `A training of ${short.seconds} s has a history of ${short.events.max} events at most, one of ${long.seconds} s ${long.events.max}.`;
}

/** The first row is the head. */
export function scaleRows(rounds: readonly ScaleRound[]): string[][] {
  const row = (name: string, value: (round: ScaleRound) => string) => [name, ...rounds.map(value)];
  const processes = rounds[0]?.memoryBytes.byProcess ?? [];
  return [
    row('trainings at once', ({ trainings }) => String(trainings)),
    row('ready', ({ ready }) => String(ready)),
    row('accepted after', ({ seconds }) => `${fixed(seconds.accepted)} s`),
    row('all waiting after', ({ seconds }) => `${fixed(seconds.allWaiting)} s`),
    row('all ended after', ({ seconds }) => `${fixed(seconds.ended)} s`),
    ...processes.map(({ roles }, index) =>
      row(`worker ${roles.join('+')}: idle / waiting / peak`, ({ memoryBytes }) => {
        const { idle, waiting, peak } = memoryBytes.byProcess[index]!;
        return `${mib(idle)} / ${mib(waiting)} / ${mib(peak)} MiB`;
      }),
    ),
    row('workers together, peak', ({ memoryBytes }) => `${mib(memoryBytes.peakTogether)} MiB`),
    row('per waiting training', ({ memoryBytes }) => `${fixed(memoryBytes.perWaitingTraining / 1024)} KiB`),
    row('processor time per training: workflow / io / cpu', ({ processorSecondsPerTraining }) =>
      processorSecondsPerTraining.map(({ seconds }) => `${seconds.toFixed(2)} s`).join(' / '),
    ),
    row('history, events: median / max', ({ events }) => `${events.median} / ${events.max}`),
    row('Temporal actions without heartbeats', ({ temporal }) => String(temporal.actionsPerTraining.median)),
    row('heartbeats per training-hour', ({ temporal }) => fixed(temporal.heartbeatsPerTrainingHour)),
    row('lists of pods per minute: held / most', ({ vendor }) => {
      const { held, mostInAnyMinute } = vendor.listsPerMinute;
      return `${fixed(held)} / ${mostInAnyMinute}`;
    }),
    row('calls of the vendor in the busiest minute', ({ vendor }) => String(vendor.mostCallsInAnyMinute)),
    row('vendor calls per training', ({ vendor }) => fixed(vendor.callsPerTraining)),
    row('vendor calls per hour, held', ({ vendor }) => fixed(vendor.callsPerHourHeld)),
    row('rows written per training-hour', ({ database }) => fixed(database.writesPerTrainingHour)),
    row('transactions per training-hour', ({ database }) => fixed(database.transactionsPerTrainingHour)),
  ];
}

/** The targets are those of the largest round. */
export function scaleTargets(rounds: readonly ScaleRound[], lengths: Lengths | null): Target[] {
  const last = rounds.at(-1);
  if (last === undefined) return [];
  const of = `${last.trainings} trainings`;
  const atMost = (name: string, unit: Target['unit'], measured: number, limit: number): Target => ({
    name: `${of}: ${name}`,
    unit,
    measured,
    limit,
    kind: 'at most',
  });
  const growth =
    lengths === null
      ? []
      : [
          atMost(
            'events that ten times the length adds',
            'events',
            lengths.long.events.max - lengths.short.events.min,
            20,
          ),
        ];
  return [
    { name: `${of}: ready`, unit: 'trainings', measured: last.ready, limit: last.trainings, kind: 'at least' },
    atMost('all worker processes together', 'MiB', last.memoryBytes.peakTogether / MIB, 1_536),
    atMost('events of a history', 'events', last.events.max, 300),
    atMost('lists of pods in the busiest minute', 'calls', last.vendor.listsPerMinute.mostInAnyMinute, 60),
    ...growth,
  ];
}

function mib(bytes: number): string {
  return String(Math.round(bytes / MIB));
}

function fixed(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1);
}
