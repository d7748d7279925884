/** What people do to a training while it runs: with which requests, and in which phases. */
import type { Random } from '../dev/random.ts';

export const VERBS = [
  'cancel',
  'retry',
  'terminate',
  'pause',
  'resume',
  'raise',
  'save-now',
  'sample-now',
  'reset',
] as const;
export type Verb = (typeof VERBS)[number];

export interface PlannedVerb {
  readonly verb: Verb;
  /** After the one before. Milliseconds. */
  readonly afterMs: number;
}

/** Stands for the time after the end of a training's workflow. */
export const CLOSED = 'closed';

/** Phases in which a person meets a training; one that trains is met most often. */
const PHASES = [
  'queued',
  'curating',
  'provisioning',
  'uploading',
  'training',
  'training',
  'training',
  'downloading',
  'publishing',
] as const;
const WAITING = [...PHASES, 'paused', 'awaiting_retry'] as const;

export interface ActKind {
  readonly phases: readonly string[];
  readonly verbs: (random: Random) => readonly PlannedVerb[];
  /** True for what ends every training. */
  readonly ends?: boolean;
}

/** One in four repeats the request at once. */
const often = (verb: Verb) => (random: Random) =>
  random.next() < 0.25
    ? [
        { verb, afterMs: 0 },
        { verb, afterMs: random.whole(0, 50) },
      ]
    : [{ verb, afterMs: 0 }];
const once = (verb: Verb) => () => [{ verb, afterMs: 0 }];

/** Every kind of act, by its name for `--faults`. */
export const ACT_KINDS: Readonly<Record<string, ActKind>> = {
  cancel: { phases: WAITING, verbs: often('cancel'), ends: true },
  terminate: { phases: WAITING, verbs: once('terminate'), ends: true },
  retry: { phases: WAITING, verbs: often('retry') },
  pause: { phases: PHASES, verbs: often('pause') },
  resume: { phases: [...PHASES, 'paused', 'paused', 'paused'], verbs: often('resume') },
  'pause-resume': {
    phases: PHASES,
    verbs: (random) => [
      { verb: 'pause', afterMs: 0 },
      // At once, while the save is under way, or while the pod is being ended.
      { verb: 'resume', afterMs: random.pick([0, random.whole(1, 200), random.whole(200, 2_000)]) },
    ],
  },
  raise: { phases: WAITING, verbs: often('raise') },
  'save-now': { phases: ['training'], verbs: often('save-now') },
  'sample-now': { phases: ['training'], verbs: often('sample-now') },
  'reset-open': { phases: WAITING, verbs: once('reset') },
  'reset-closed': { phases: [CLOSED], verbs: often('reset') },
};
