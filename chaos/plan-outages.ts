import type { Random } from '../dev/random.ts';
import type { WorldFault } from './fault-kinds.ts';
import { OUTAGE_KINDS } from './outage-kinds.ts';

export interface PlannedOutage {
  readonly kind: string;
  /** It begins after this many trainings were started, */
  readonly afterStarted: number;
  /** and then once some training is in this phase, or soon when none is. */
  readonly phase: string;
  readonly afterMs: number;
  readonly lengthMs: number;
  readonly faults: readonly WorldFault[];
}

/** Phases that an outage can hit; a kind that comes often enough hits each of them. */
export const OUTAGE_PHASES = [
  'queued',
  'curating',
  'provisioning',
  'uploading',
  'training',
  'downloading',
  'publishing',
] as const;

/** Outages by their expected numbers, in the order in which they come. */
export function drawOutages(random: Random, runs: number, isMeant: (name: string) => boolean): PlannedOutage[] {
  const outages = Object.entries(OUTAGE_KINDS).flatMap(([kind, { perHundred, lengthMs = [0, 0], faults }]) => {
    const expected = (perHundred * runs) / 100;
    const count = Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0);
    const first = random.whole(0, OUTAGE_PHASES.length - 1);
    const drawn = Array.from({ length: count }, (_, nth) => ({
      kind,
      afterStarted: random.whole(Math.min(runs, 3), runs),
      phase: OUTAGE_PHASES[(first + nth) % OUTAGE_PHASES.length]!,
      afterMs: random.whole(0, 1_500),
      lengthMs: random.whole(lengthMs[0], lengthMs[1]),
      faults: faults?.(random) ?? [],
    }));
    return isMeant(kind) ? drawn : [];
  });
  return outages.sort((a, b) => a.afterStarted - b.afterStarted || a.afterMs - b.afterMs);
}
