/** What can go wrong for all trainings at once, and how often a run of a hundred trainings meets it. */
import type { Random } from '../dev/random.ts';
import type { WorldFault } from './fault-kinds.ts';

/** Parts of ours that break; chaos/outages.ts breaks each of them. */
export const BREAKS = [
  'worker-kill',
  'worker-freeze',
  'api-kill',
  'temporal-restart',
  'postgres-restart',
  'postgres-crash',
  'store-refuses',
  'store-503',
] as const;
export type Break = (typeof BREAKS)[number];

export interface OutageKind {
  readonly area: 'ours' | 'vendor' | 'hub';
  /** Expected number in a hundred trainings. */
  readonly perHundred: number;
  /** How long it lasts. Milliseconds. */
  readonly lengthMs?: readonly [number, number];
  /** Given to the emulated cloud; a break of ours has none. */
  readonly faults?: (random: Random) => readonly WorldFault[];
}

const list = (effect: string, extra: object = {}): OutageKind => ({
  area: 'vendor',
  perHundred: 3,
  faults: (random) => [{ at: 'pods.list', effect, times: random.whole(1, 4), ...extra }],
});

/** Every kind of outage, by its name for `--faults`. */
export const OUTAGE_KINDS: Readonly<Record<string, OutageKind>> = {
  'worker-kill': { area: 'ours', perHundred: 4 },
  // Longer than a heartbeat may be late: another worker has taken the steps over when this one wakes up.
  'worker-freeze': { area: 'ours', perHundred: 1, lengthMs: [14_000, 18_000] },
  'api-kill': { area: 'ours', perHundred: 2 },
  'temporal-restart': { area: 'ours', perHundred: 1 },
  'postgres-restart': { area: 'ours', perHundred: 1 },
  'postgres-crash': { area: 'ours', perHundred: 1 },
  'store-refuses': { area: 'ours', perHundred: 2, lengthMs: [500, 4_000] },
  'store-503': { area: 'ours', perHundred: 2, lengthMs: [500, 4_000] },
  'list-delayed': list('delayed', { ms: 3_000 }),
  'list-short-page': list('short-page'),
  'list-duplicated': list('duplicated'),
  'list-no-array': list('no-array'),
  'list-500': list('server-error'),
  'list-reset': list('reset'),
  'list-429': list('rate-limited', { retryAfterSec: 1 }),
  'billing-lag': {
    area: 'vendor',
    perHundred: 4,
    faults: (random) => [{ at: 'billing', effect: 'lag', ms: random.whole(500, 8_000), times: random.whole(1, 20) }],
  },
  'billing-500': {
    area: 'vendor',
    perHundred: 2,
    faults: (random) => [{ at: 'billing', effect: 'server-error', times: random.whole(1, 4) }],
  },
  'hub-create': {
    area: 'hub',
    perHundred: 2,
    faults: (random) => [
      { at: 'hub', effect: 'server-error', match: { route: '^repos/create$' }, times: random.whole(1, 3) },
    ],
  },
  'hub-upload': {
    area: 'hub',
    perHundred: 3,
    faults: (random) => [
      {
        at: 'hub',
        effect: random.pick(['server-error', 'reset']),
        match: { route: '^lfs/object$' },
        times: random.whole(1, 3),
      },
    ],
  },
};
