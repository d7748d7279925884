/** The plan of a run: everything that a seed decides. Races are not in it. */
import { createRandom } from '../dev/random.ts';
import type { Random } from '../dev/random.ts';
import { ACT_KINDS } from './act-kinds.ts';
import type { PlannedVerb } from './act-kinds.ts';
import { createCover } from './cover.ts';
import type { Cover } from './cover.ts';
import { FAULT_KINDS } from './fault-kinds.ts';
import type { FaultCost, WorldFault } from './fault-kinds.ts';
import { OUTAGE_KINDS } from './outage-kinds.ts';
import { drawOutages } from './plan-outages.ts';
import type { PlannedOutage } from './plan-outages.ts';
import { REQUEST_DIMENSIONS, requestOf } from './request-kinds.ts';
import type { PlannedRequest } from './request-kinds.ts';

export interface PlannedFault {
  readonly kind: string;
  readonly costs: FaultCost;
  readonly attempt: number;
  readonly faults: readonly WorldFault[];
}

/** What a person does to a training: some time after it was seen in a phase. */
export interface PlannedAct {
  readonly kind: string;
  readonly phase: string;
  readonly afterMs: number;
  readonly verbs: readonly PlannedVerb[];
  /** To which of the possible moments of its history a run is reset, as a share of them. */
  readonly resetAt: number;
}

export interface PlannedTraining {
  readonly index: number;
  /** Names of everything that meets in it. */
  readonly kinds: readonly string[];
  readonly request: PlannedRequest;
  readonly faults: readonly PlannedFault[];
  readonly acts: readonly PlannedAct[];
}

export interface ChaosPlan {
  readonly seed: number;
  readonly runs: number;
  readonly trainings: readonly PlannedTraining[];
  readonly outages: readonly PlannedOutage[];
}

/** Shares of trainings with no, one, two ... of each. */
const SHARES = {
  /** Faults that end an attempt; the policy gives three. */
  lost: [0.45, 0.33, 0.17, 0.05],
  /** Faults that must not cost an attempt. */
  disturbed: [0.25, 0.4, 0.25, 0.1],
  acts: [0.6, 0.24, 0.11, 0.05],
} as const;

/** Every name that `--faults` takes. */
const NAMES: readonly string[] = [
  ...Object.keys(FAULT_KINDS),
  ...Object.keys(OUTAGE_KINDS),
  ...Object.keys(ACT_KINDS),
  ...REQUEST_DIMENSIONS.flat(),
];

interface PlanRequest {
  readonly seed: number;
  readonly runs: number;
  /** Only these kinds; all when absent. A dimension of the request of which none is named keeps all of its kinds. */
  readonly only?: readonly string[] | undefined;
}

/** Draws a plan: the same request gives the same plan. Throws RangeError for a kind that does not exist. */
export function drawPlan({ seed, runs, only }: PlanRequest): ChaosPlan {
  const unknown = (only ?? []).filter((name) => !NAMES.includes(name));
  if (unknown.length > 0)
    throw new RangeError(`There is no fault ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  const choice = choiceOf(only);
  const cover = createCover(kindsOf(choice), canMeet);
  return {
    seed,
    runs,
    // In order, because each training takes into account what the ones before have met. A longer run of the same seed
    // begins with the same trainings.
    trainings: Array.from({ length: runs }, (_, index) => {
      const training = drawTraining(createRandom(seed, 'training', index), index, { choice, cover });
      cover.meet(training.kinds);
      return training;
    }),
    outages: drawOutages(createRandom(seed, 'outages'), runs, choice.isMeant),
  };
}

interface Choice {
  readonly isMeant: (name: string) => boolean;
  readonly costly: readonly string[];
  readonly harmless: readonly string[];
  readonly acts: readonly string[];
  readonly requests: readonly (readonly string[])[];
}

function choiceOf(only: readonly string[] | undefined): Choice {
  const isMeant = (name: string) => only === undefined || only.includes(name);
  const faults = Object.keys(FAULT_KINDS).filter(isMeant);
  const costsAttempt = (name: string) => FAULT_KINDS[name]!.costs === 'attempt';
  return {
    isMeant,
    costly: faults.filter(costsAttempt),
    harmless: faults.filter((name) => !costsAttempt(name)),
    acts: Object.keys(ACT_KINDS).filter(isMeant),
    requests: REQUEST_DIMENSIONS.map((names) => (names.some(isMeant) ? names.filter(isMeant) : names)),
  };
}

function kindsOf({ costly, harmless, acts, requests }: Choice): string[] {
  return [...costly, ...harmless, ...acts, ...requests.flat()];
}

/** Whether two kinds can be in one training. */
export function canMeet(one: string, other: string): boolean {
  if (REQUEST_DIMENSIONS.some((names) => names.includes(one) && names.includes(other))) return false;
  if (ACT_KINDS[one]?.ends && ACT_KINDS[other]?.ends) return false;
  return NEVER_TOGETHER.every(([first, second]) => !(first(one) && second(other)) && !(first(other) && second(one)));
}

const is = (name: string) => (kind: string) => kind === name;
/** One would find nothing to do in a training with the other. */
const NEVER_TOGETHER: readonly (readonly [(kind: string) => boolean, (kind: string) => boolean])[] = [
  [(kind) => FAULT_KINDS[kind]?.area === 'hub', is('publish:s3')],
  [is('raise'), is('ceiling:none')],
];

function drawTraining(
  random: Random,
  index: number,
  { choice, cover }: { readonly choice: Choice; readonly cover: Cover },
): PlannedTraining {
  const kinds: string[] = [];
  const pick = (candidates: readonly string[]): string | null => {
    const free = candidates.filter((kind) => !kinds.includes(kind) && kinds.every((other) => canMeet(kind, other)));
    if (free.length === 0) return null;
    const kind = cover.pick(random, free, kinds);
    kinds.push(kind);
    return kind;
  };
  const pickSome = (shares: readonly number[], candidates: () => readonly string[]): string[] =>
    Array.from({ length: drawCount(random, shares) }, () => pick(candidates())).filter((kind) => kind !== null);
  const lost = pickSome(SHARES.lost, () => choice.costly);
  // A bad pod each; a third one would cost the attempt, and a second one makes a long run.
  const badPods = () => kinds.filter((kind) => FAULT_KINDS[kind]?.costs === 'pod').length;
  const disturbed = pickSome(SHARES.disturbed, () =>
    badPods() <= lost.length
      ? choice.harmless
      : choice.harmless.filter((kind) => FAULT_KINDS[kind]!.costs === 'nothing'),
  );
  const acts = pickSome(SHARES.acts, () => choice.acts);
  for (const names of choice.requests) pick(names);

  const fault = (kind: string, attempt: number): PlannedFault => {
    const { costs, draw } = FAULT_KINDS[kind]!;
    return { kind, costs, attempt, faults: draw(random, attempt) };
  };
  let badPodAttempt = random.whole(1, lost.length + 1);
  const attemptOf = (kind: string): number => {
    if (FAULT_KINDS[kind]!.costs !== 'pod') return random.whole(1, lost.length + 1);
    badPodAttempt = (badPodAttempt % (lost.length + 1)) + 1;
    return badPodAttempt;
  };
  return {
    index,
    kinds,
    request: requestOf(kinds),
    faults: [
      ...disturbed.map((kind) => fault(kind, attemptOf(kind))),
      // The trainer is given one end per attempt.
      ...lost.map((kind, nth) => fault(kind, nth + 1)),
    ],
    acts: acts.map((kind) => drawAct(random, kind, { isPaused: acts.some(pauses), mayFail: lost.length === 3 })),
  };
}

const pauses = (kind: string) => kind === 'pause';

function drawAct(random: Random, kind: string, training: { readonly isPaused: boolean; readonly mayFail: boolean }) {
  const { phases, verbs } = ACT_KINDS[kind]!;
  // A phase that only another act or three faults bring about is waited for where they do.
  const comes: Readonly<Record<string, boolean>> = { paused: training.isPaused, awaiting_retry: training.mayFail };
  return {
    kind,
    phase: random.pick(phases.filter((phase) => comes[phase] ?? true)),
    // As often right at the beginning of the phase as anywhere in it.
    afterMs: random.next() < 0.3 ? 0 : random.whole(0, 1_200),
    verbs: verbs(random),
    resetAt: random.next(),
  };
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
