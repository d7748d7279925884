/**
 * What can go wrong with one training: how it is told to the emulated cloud, and what the failure policy says it may
 * cost.
 */
import type { Random } from '../dev/random.ts';
import type { NewFault } from '../emulator/client.ts';

/** Steps of every training, and how often it saves. */
export const RECIPE = { steps: 60, checkpointInterval: 20 } as const;

/** A fault of the emulator. `{training}` and `{repo}` in a match are filled in once they are known. */
export type WorldFault = NewFault;

/** The most that a fault may use up by the failure policy. */
export type FaultCost = 'nothing' | 'pod' | 'attempt';

export interface FaultKind {
  readonly area: 'vendor' | 'trainer' | 'hub';
  readonly costs: FaultCost;
  /** Faults for the given attempt of a training. */
  readonly draw: (random: Random, attempt: number) => readonly WorldFault[];
}

const podOf = (attempt: number) => ({ podName: `{training}-a${attempt}p` });
const firstPodOf = (attempt: number) => ({ podName: `{training}-a${attempt}p1$` });
const ofRepo = (route: string) => ({ route: `^${route}$`, path: '{repo}(/|\\.git)' });
const stepWithin = (random: Random) => random.whole(1, RECIPE.steps - 1);

const create = (effect: string, costs: FaultCost = 'nothing', extra: object = {}): FaultKind => ({
  area: 'vendor',
  costs,
  draw: (_, attempt) => [{ at: 'pods.create', effect, match: firstPodOf(attempt), ...extra }],
});
const proxy = (effect: string): FaultKind => ({
  area: 'vendor',
  costs: 'nothing',
  draw: (random, attempt) => [
    { at: 'proxy', effect, match: podOf(attempt), skip: random.whole(0, 15), times: random.whole(1, 3) },
  ],
});
const deletion = (effect: string): FaultKind => ({
  area: 'vendor',
  costs: 'nothing',
  draw: (random, attempt) => [
    { at: 'pods.delete', effect, match: podOf(attempt), ms: random.whole(200, 2_000), times: random.whole(1, 2) },
  ],
});
const podEnd = (effect: string): FaultKind => ({
  area: 'vendor',
  costs: 'attempt',
  draw: (random, attempt) => [{ at: 'trainer', effect, match: podOf(attempt), step: stepWithin(random) }],
});
const trainerEnd = (effect: string): FaultKind => ({
  area: 'trainer',
  costs: 'attempt',
  draw: (random, attempt) => [
    {
      at: 'trainer',
      effect,
      match: podOf(attempt),
      // One in five strikes while the model is loaded.
      ...(random.next() < 0.2 ? {} : { step: stepWithin(random) }),
    },
  ],
});
const download = (effect: string, parameters: (random: Random) => object): FaultKind => ({
  area: 'trainer',
  costs: 'nothing',
  draw: (random, attempt) => [
    {
      at: 'proxy',
      effect,
      match: { ...podOf(attempt), path: 'safetensors|optimizer' },
      skip: random.whole(0, 3),
      times: random.whole(1, 2),
      ...parameters(random),
    },
  ],
});
const hub = (route: string): FaultKind => ({
  area: 'hub',
  costs: 'nothing',
  draw: (random) => [
    {
      at: 'hub',
      effect: random.pick(['server-error', 'server-error', 'rate-limited', 'reset']),
      match: ofRepo(route),
      retryAfterSec: 1,
      times: random.whole(1, 3),
    },
  ],
});
const commitBut = (effect: string): FaultKind => ({
  area: 'hub',
  costs: 'nothing',
  draw: (random) => [{ at: 'hub', effect, match: ofRepo('commit'), times: random.whole(1, 2) }],
});

/** Every kind of fault that strikes a single training, by its name for `--faults`. */
export const FAULT_KINDS: Readonly<Record<string, FaultKind>> = {
  'created-but-500': create('created-but-500'),
  'created-but-reset': create('created-but-reset'),
  'created-but-unreadable': create('created-but-unreadable'),
  'created-but-timeout': create('created-but-timeout'),
  'create-500': create('server-error'),
  'create-429': create('rate-limited', 'nothing', { retryAfterSec: 1 }),
  'no-capacity': {
    area: 'vendor',
    costs: 'nothing',
    draw: (random, attempt) => [
      { at: 'pods.create', effect: 'no-capacity', match: firstPodOf(attempt), times: random.whole(1, 40) },
    ],
  },
  'stuck-provisioning': create('stuck-provisioning', 'pod'),
  'no-runtime': create('no-runtime', 'pod'),
  'app-never': create('app-never', 'pod'),
  'error-after-boot': create('error-after-boot', 'pod'),
  'start-page': proxy('start-page'),
  'bad-gateway': proxy('bad-gateway'),
  'proxy-reset': proxy('reset'),
  'deleted-but-500': deletion('deleted-but-500'),
  'deleted-but-reset': deletion('deleted-but-reset'),
  'lingering-delete': deletion('lingering'),
  'pod-vanishes': podEnd('vanish'),
  'pod-exits': podEnd('exited'),
  'container-restart': podEnd('container-restart'),
  'pod-vanishes-any-time': {
    area: 'vendor',
    costs: 'attempt',
    draw: (random, attempt) => [
      { at: 'pods.create', effect: 'vanish', match: firstPodOf(attempt), ms: random.whole(20, 2_500) },
    ],
  },
  ghost: {
    area: 'vendor',
    costs: 'attempt',
    draw: (random, attempt) => [
      { at: 'pods.create', effect: 'ghost', match: firstPodOf(attempt) },
      { at: 'trainer', effect: 'vanish', match: podOf(attempt), step: stepWithin(random) },
    ],
  },
  'trainer-exit': trainerEnd('exit'),
  'trainer-sigkill': trainerEnd('sigkill'),
  'trainer-oom': trainerEnd('oom'),
  'trainer-hang': trainerEnd('hang'),
  'trainer-db-lock': trainerEnd('db-lock'),
  'trainer-zombie': trainerEnd('zombie'),
  'truncated-weights': {
    area: 'trainer',
    costs: 'attempt',
    draw: (_, attempt) => [{ at: 'trainer', effect: 'truncate-file', match: podOf(attempt) }],
  },
  'truncated-download': download('truncate', (random) => ({ bytes: random.whole(1, 20_000) })),
  'slow-download': download('slow', (random) => ({ bytesPerSecond: random.whole(15_000, 60_000) })),
  'hub-preupload': hub('preupload'),
  'hub-lfs-batch': hub('lfs/batch'),
  'hub-commit': hub('commit'),
  'hub-refs': hub('refs'),
  'hub-tag': hub('tag'),
  'hub-paths-info': hub('paths-info'),
  'commit-but-500': commitBut('commit-but-500'),
  'commit-but-reset': commitBut('commit-but-reset'),
};
