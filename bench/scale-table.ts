/** The figures of `npm run bench:scale` side by side, and what was promised. */
import type { measureLengths } from './scale-lengths.ts';
import type { ScaleRound } from './scale-round.ts';
import { table } from './statistics.ts';
import type { Target } from './statistics.ts';

type Lengths = Awaited<ReturnType<typeof measureLengths>>;

const MIB = 1024 * 1024;

/** One column per size. */
export function scaleTable(rounds: readonly ScaleRound[], lengths: Lengths | null): string {
  const row = (name: string, value: (round: ScaleRound) => string) => [name, ...rounds.map(value)];
  const processes = rounds[0]?.memoryBytes.byProcess ?? [];
  const rows = [
    row('trainings at once', ({ trainings }) => String(trainings)),
    row('ready', ({ ready }) => String(ready)),
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
  const history =
    lengths === null
      ? ''
      : `\n\nhistory of ${lengths.short.seconds} s of training: ${lengths.short.events.max} events at most; ` +
        `of ${lengths.long.seconds} s: ${lengths.long.events.max}`;
  return table(rows) + history;
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
