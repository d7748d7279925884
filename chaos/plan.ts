/** The plan of a run: everything that a seed decides. What races is not in it. */
import { createRandom } from '../dev/random.ts';
import type { Random } from '../dev/random.ts';
import { FAULT_KINDS } from './fault-kinds.ts';
import type { FaultCost, WorldFault } from './fault-kinds.ts';
import { OUTAGE_KINDS } from './outage-kinds.ts';

export interface PlannedFault {
  readonly kind: string;
  readonly costs: FaultCost;
  readonly attempt: number;
  readonly faults: readonly WorldFault[];
}

export const ACTIONS = ['cancel', 'retry', 'terminate'] as const;
export type Action = (typeof ACTIONS)[number];

/** What a person does to a training: some time after it was seen in a phase. */
export interface PlannedAction {
  readonly action: Action;
  readonly phase: string;
  readonly afterMs: number;
}

export interface PlannedTraining {
  readonly index: number;
  readonly faults: readonly PlannedFault[];
  readonly actions: readonly PlannedAction[];
}

export interface PlannedOutage {
  readonly kind: string;
  /** It comes after so many trainings were started. */
  readonly afterStarted: number;
  readonly afterMs: number;
  readonly lengthMs: number;
  readonly faults: readonly WorldFault[];
}

export interface ChaosPlan {
  readonly seed: number;
  readonly runs: number;
  readonly trainings: readonly PlannedTraining[];
  readonly outages: readonly PlannedOutage[];
}

const PHASES = [
  'queued',
  'curating',
  'provisioning',
  'uploading',
  'training',
  'training',
  'downloading',
  'publishing',
] as const;
/** Shares of trainings that a person disturbs. */
const ACTION_SHARES: Readonly<Record<Action, number>> = { cancel: 0.05, retry: 0.05, terminate: 0.04 };

/** Every name that `--faults` takes. */
const FAULT_NAMES: readonly string[] = [...Object.keys(FAULT_KINDS), ...Object.keys(OUTAGE_KINDS), ...ACTIONS];

interface PlanRequest {
  readonly seed: number;
  readonly runs: number;
  /** Only these kinds; all when absent. */
  readonly only?: readonly string[] | undefined;
}

/** Draws a plan: the same request gives the same plan. Throws RangeError for a kind that does not exist. */
export function drawPlan({ seed, runs, only }: PlanRequest): ChaosPlan {
  const unknown = (only ?? []).filter((name) => !FAULT_NAMES.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`There is no fault ${unknown.join(', ')}; there are ${FAULT_NAMES.join(', ')}`);
  const isMeant = (name: string) => only === undefined || only.includes(name);
  return {
    seed,
    runs,
    trainings: Array.from({ length: runs }, (_, index) => drawTraining(seed, index, isMeant)),
    outages: drawOutages(createRandom(seed, 'outages'), runs, isMeant),
  };
}

function drawTraining(seed: number, index: number, isMeant: (name: string) => boolean): PlannedTraining {
  // A generator of its own: more runs of the same seed begin with the same trainings.
  const random = createRandom(seed, 'training', index);
  const names = Object.keys(FAULT_KINDS).filter(isMeant);
  const costly = names.filter((name) => FAULT_KINDS[name]!.costs === 'attempt');
  const harmless = names.filter((name) => FAULT_KINDS[name]!.costs !== 'attempt');
  const lost = Math.min(costly.length === 0 ? 0 : 3, drawCount(random, [0.45, 0.33, 0.17, 0.05]));
  const disturbed = harmless.length === 0 ? 0 : drawCount(random, [0.25, 0.4, 0.25, 0.1]);
  const fault = (kind: string, attempt: number): PlannedFault => {
    const { costs, draw } = FAULT_KINDS[kind]!;
    return { kind, costs, attempt, faults: draw(random, attempt) };
  };
  const faults = [
    ...Array.from({ length: disturbed }, () => fault(random.pick(harmless), random.whole(1, lost + 1))),
    // The trainer is given one end per attempt.
    ...Array.from({ length: lost }, (_, attempt) => fault(random.pick(costly), attempt + 1)),
  ];
  const actions = ACTIONS.flatMap((action) => {
    const drawn = { action, phase: random.pick(PHASES), afterMs: random.whole(0, 1_200) };
    return random.next() < ACTION_SHARES[action] && isMeant(action) ? [drawn] : [];
  });
  return { index, faults: withinPodLimit(faults), actions };
}

/** An attempt may use up three pods; a third bad one would cost the attempt. */
function withinPodLimit(faults: readonly PlannedFault[]): PlannedFault[] {
  return faults.filter((fault, index) => {
    if (fault.costs !== 'pod') return true;
    const earlier = faults.slice(0, index).filter((one) => one.costs === 'pod' && one.attempt === fault.attempt);
    return earlier.length === 0;
  });
}

/** 0 with the first share, 1 with the second, and so on. */
function drawCount(random: Random, shares: readonly number[]): number {
  let left = random.next();
  for (const [count, share] of shares.entries()) {
    left -= share;
    if (left < 0) return count;
  }
  return shares.length - 1;
}

function drawOutages(random: Random, runs: number, isMeant: (name: string) => boolean): PlannedOutage[] {
  const outages = Object.entries(OUTAGE_KINDS).flatMap(([kind, { perHundred, lengthMs = [0, 0], faults }]) => {
    const expected = (perHundred * runs) / 100;
    const count = Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0);
    const drawn = Array.from({ length: count }, () => ({
      kind,
      afterStarted: random.whole(Math.min(runs, 3), runs),
      afterMs: random.whole(0, 3_000),
      lengthMs: random.whole(lengthMs[0], lengthMs[1]),
      faults: faults?.(random) ?? [],
    }));
    return isMeant(kind) ? drawn : [];
  });
  return outages.sort((a, b) => a.afterStarted - b.afterStarted || a.afterMs - b.afterMs);
}
