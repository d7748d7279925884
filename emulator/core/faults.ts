/** Where a fault can strike. */
export const faultPoints = [
  'runpod',
  'pods.create',
  'pods.list',
  'pods.get',
  'pods.delete',
  'pods.action',
  'pods.logs',
  'catalog',
  'billing',
  'templates',
  'proxy',
  'download',
  'trainer',
  'hub',
  'vision',
] as const;

export type FaultPoint = (typeof faultPoints)[number];

/**
 * Which requests, pods or jobs a fault applies to; texts are regular expressions, and all that are given must match.
 */
export interface FaultMatch {
  podName?: string;
  podId?: string;
  gpuId?: string;
  cloud?: string;
  dataCenter?: string;
  jobName?: string;
  method?: string;
  path?: string;
  /** For the hub: the route as the account book names it, for example `^lfs/batch$`. */
  route?: string;
}

export interface Fault {
  id: string;
  at: FaultPoint;
  effect: string;
  match?: FaultMatch;
  /** Hits to let pass first. */
  skip?: number;
  /** Hits to spoil; default 1, 0 = all. */
  times?: number;
  /** Parameters of the effect, see the table in emulator/README.md. */
  step?: number;
  ms?: number;
  bytes?: number;
  bytesPerSecond?: number;
  status?: number;
  code?: number;
  detail?: string;
  retryAfterSec?: number;
  factor?: number;
}

/** What strikes one trainer process: at most one end, and any number of effects that only hinder it. */
export interface TrainerFaults {
  strike: Fault | undefined;
  /** By effect. */
  modifiers: ReadonlyMap<string, Fault>;
}

export type FaultContext = { [K in keyof FaultMatch]?: FaultMatch[K] | undefined };

/** The effects that each point understands; anything else is refused when the fault is posted. */
const httpEffects = [
  'status',
  'unauthorized',
  'no-balance',
  'forbidden',
  'invalid',
  'rate-limited',
  'server-error',
  'unreadable',
  'reset',
  'hang',
  'delay',
  'edge-1010',
];
const podEffects = [
  'stuck-provisioning',
  'no-runtime',
  'error-after-boot',
  'zero-gpus',
  'app-never',
  'vanish',
  'container-restart',
  'exited',
  'slow-host',
  'ghost',
];
const trainerModifiers = ['slow', 'slow-save', 'slow-optimizer', 'no-optimizer', 'truncate-optimizer'];
const effectsAt: Record<FaultPoint, string[]> = {
  runpod: httpEffects,
  'pods.create': [
    ...httpEffects,
    'no-capacity',
    'created-but-500',
    'created-but-reset',
    'created-but-timeout',
    'created-but-unreadable',
    ...podEffects,
  ],
  'pods.list': [...httpEffects, 'no-array', 'short-page', 'duplicated', 'delayed'],
  'pods.get': httpEffects,
  'pods.delete': [...httpEffects, 'lingering', 'deleted-but-500', 'deleted-but-reset'],
  'pods.action': [...httpEffects, 'host-full'],
  'pods.logs': httpEffects,
  catalog: httpEffects,
  billing: [...httpEffects, 'lag'],
  templates: httpEffects,
  proxy: [...httpEffects, 'bad-gateway', 'timeout-524', 'start-page', 'truncate', 'slow', 'corrupt'],
  download: ['unreachable', 'status', 'corrupt', 'truncate'],
  trainer: [
    'exit',
    'sigkill',
    'oom',
    'hang',
    'db-lock',
    'corrupt-file',
    'truncate-file',
    'zombie',
    'vanish',
    'container-restart',
    'exited',
    ...trainerModifiers,
  ],
  hub: [...httpEffects, 'commit-but-timeout', 'commit-but-500', 'commit-but-reset', 'corrupt', 'truncate'],
  vision: [...httpEffects, 'apology', 'empty', 'too-long'],
};

/** A fault as it is posted. */
export type NewFault = Omit<Fault, 'id'>;

/** A fault with how often it was hit, skipped hits included. */
export type ArmedFault = Fault & { hits: number };

interface Armed {
  fault: Fault;
  hits: number;
}

/** The fault plan of a world. */
export class Faults {
  #armed: Armed[] = [];
  #nextId = 1;

  /** Adds a fault and returns its id; throws TypeError when the point or the effect is unknown. */
  add(input: unknown): string {
    const fault = { ...(input as Fault), id: `fault-${this.#nextId}` };
    if (!faultPoints.includes(fault.at))
      throw new TypeError(`unknown fault point '${fault.at}'; one of ${faultPoints.join(', ')}`);
    if (!effectsAt[fault.at].includes(fault.effect)) {
      throw new TypeError(
        `unknown effect '${fault.effect}' at '${fault.at}'; one of ${effectsAt[fault.at].join(', ')}`,
      );
    }
    for (const pattern of Object.values(fault.match ?? {})) new RegExp(pattern as string);
    this.#nextId += 1;
    this.#armed.push({ fault, hits: 0 });
    return fault.id;
  }

  clear(): void {
    this.#armed = [];
  }

  list(): ArmedFault[] {
    return this.#armed.map(({ fault, hits }) => ({ ...fault, hits }));
  }

  /** The first fault that strikes here and now, counted as a hit. */
  take(at: FaultPoint, context: FaultContext, isMeant = (_: string): boolean => true): Fault | undefined {
    for (const armed of this.#armed) {
      const { fault } = armed;
      if (fault.at !== at || !isMeant(fault.effect)) continue;
      const skip = fault.skip ?? 0;
      const times = fault.times ?? 1;
      if ((times !== 0 && armed.hits >= skip + times) || !matches(fault.match, context)) continue;
      armed.hits += 1;
      if (armed.hits > skip) return fault;
    }
    return undefined;
  }

  /** All that strikes a trainer that starts now; every kind of modifier is counted separately. */
  takeForTrainer(context: FaultContext): TrainerFaults {
    const modifiers = new Map<string, Fault>();
    for (const effect of trainerModifiers) {
      const fault = this.take('trainer', context, (candidate) => candidate === effect);
      if (fault !== undefined) modifiers.set(effect, fault);
    }
    return { strike: this.take('trainer', context, (effect) => !trainerModifiers.includes(effect)), modifiers };
  }
}

function matches(match: FaultMatch | undefined, context: FaultContext): boolean {
  return Object.entries(match ?? {}).every(([key, pattern]) => {
    const value = context[key as keyof FaultMatch];
    return value !== undefined && new RegExp(pattern as string).test(value);
  });
}
