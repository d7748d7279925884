import { coverageOf, filled } from '../coverage.ts';
import type { Count } from '../coverage.ts';
import type { Evidence } from '../evidence.ts';
import type { Violation } from './violation.ts';

/** Below this number a share means nothing. */
const ENOUGH = { drawn: 20, ofOneKind: 20, pairs: 100 } as const;
/** The smallest shares that must have struck: about half of what runs of 200 trainings show. */
const LEAST = { faults: 0.5, acts: 0.35, outages: 0.5, actByFault: 0.25 } as const;

/** A plan that hardly struck proves nothing: the run fails, whatever it found. */
export function checkCoverage(evidence: Evidence): Violation[] {
  const { faults, acts, outages, actByFault } = coverageOf(evidence);
  const found: string[] = [];
  for (const [what, counts] of Object.entries({ faults, acts, outages })) {
    const { planned, struck } = sum(Object.values(counts));
    const least = LEAST[what as 'faults' | 'acts' | 'outages'];
    if (planned >= ENOUGH.drawn && struck < least * planned) found.push(`${struck} of ${planned} ${what} struck`);
    for (const [kind, count] of Object.entries(counts))
      if (count.planned >= ENOUGH.ofOneKind && count.struck === 0)
        found.push(`${kind} was planned ${count.planned} times and never struck`);
  }
  const pairs = filled(actByFault);
  if (pairs.planned >= ENOUGH.pairs && pairs.struck < LEAST.actByFault * pairs.planned)
    found.push(`${pairs.struck} of ${pairs.planned} pairs of a person’s act and a fault met`);
  return found.map((message) => ({ code: 'TOO_LITTLE_STRUCK', message }));
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    (total, { planned, struck }) => ({ planned: total.planned + planned, struck: total.struck + struck }),
    { planned: 0, struck: 0 },
  );
}
