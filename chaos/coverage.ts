/** What really met what in a run: kinds that struck, and pairs of them, counted from the evidence. */
import { pairsOf } from './cover.ts';
import type { Evidence, OutageEvidence, TrainingEvidence } from './evidence.ts';
import { OUTAGE_PHASES } from './plan-outages.ts';

export interface Count {
  readonly planned: number;
  readonly struck: number;
}

export interface Coverage {
  readonly faults: Readonly<Record<string, Count>>;
  readonly acts: Readonly<Record<string, Count>>;
  readonly outages: Readonly<Record<string, Count>>;
  /** Trainings in which an act was taken and a fault struck, by act and fault; planned ones count with 0. */
  readonly actByFault: Readonly<Record<string, Readonly<Record<string, Count>>>>;
  /** Outages that struck while some training was in a phase, by outage and phase. */
  readonly outageByPhase: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Pairs of any two kinds in one training. */
  readonly pairs: Count & { readonly missed: readonly string[] };
}

export function coverageOf({ trainings, outages }: Evidence): Coverage {
  const met = new Set<string>();
  const planned = new Set<string>();
  const actByFault: Record<string, Record<string, { planned: number; struck: number }>> = {};
  for (const training of trainings) {
    for (const pair of pairsOf(training.kinds)) planned.add(pair);
    for (const pair of pairsOf(struckKinds(training))) met.add(pair);
    for (const act of training.planned)
      for (const fault of training.faults) {
        const cell = ((actByFault[act.kind] ??= {})[fault.kind] ??= { planned: 0, struck: 0 });
        cell.planned += 1;
        if (act.struck && fault.struck) cell.struck += 1;
      }
  }
  return {
    faults: count(trainings.flatMap((training) => training.faults)),
    acts: count(trainings.flatMap((training) => training.planned)),
    // A store that cannot be shut here was not planned to be.
    outages: count(outages.filter(({ done }) => done)),
    actByFault,
    outageByPhase: outageByPhase(outages, trainings),
    pairs: {
      planned: planned.size,
      struck: met.size,
      missed: [...planned].filter((pair) => !met.has(pair)).toSorted(),
    },
  };
}

/** Cells of a table that are above zero, and all. */
export function filled(table: Coverage['actByFault']): Count {
  const cells = Object.values(table).flatMap((row) => Object.values(row));
  return { planned: cells.length, struck: cells.filter(({ struck }) => struck > 0).length };
}

/** What struck in a training: what it was asked for always did. */
function struckKinds({ kinds, faults, planned }: TrainingEvidence): string[] {
  const drawn = [...faults, ...planned];
  const struck = new Set(drawn.filter((one) => one.struck).map(({ kind }) => kind));
  return kinds.filter((kind) => struck.has(kind) || !drawn.some((one) => one.kind === kind));
}

function count(drawn: readonly { readonly kind: string; readonly struck: boolean }[]): Record<string, Count> {
  const counts: Record<string, { planned: number; struck: number }> = {};
  for (const { kind, struck } of drawn.toSorted((a, b) => a.kind.localeCompare(b.kind))) {
    const entry = (counts[kind] ??= { planned: 0, struck: 0 });
    entry.planned += 1;
    if (struck) entry.struck += 1;
  }
  return counts;
}

function outageByPhase(outages: readonly OutageEvidence[], trainings: readonly TrainingEvidence[]) {
  const table: Record<string, Record<string, number>> = {};
  for (const { kind, fromMs, toMs, done, struck } of outages) {
    if (!done) continue;
    const row = (table[kind] ??= Object.fromEntries(OUTAGE_PHASES.map((phase) => [phase, 0])));
    if (!struck) continue;
    const spans = trainings.flatMap(({ phases }) => phases);
    for (const phase of OUTAGE_PHASES)
      if (spans.some((span) => span.phase === phase && span.fromMs <= toMs && (span.toMs ?? Infinity) >= fromMs))
        row[phase]! += 1;
  }
  return table;
}
