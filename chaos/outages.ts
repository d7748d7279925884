/** Breaks parts of the installation as the plan says, one after the other, and keeps the times. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../dev/random.ts';
import { createRandom } from '../dev/random.ts';
import type { GateMode } from './store-gate.ts';
import type { ChaosStack } from './stack.ts';
import type { Break } from './outage-kinds.ts';
import { BREAKS } from './outage-kinds.ts';
import type { Monitor } from './monitor.ts';
import type { ChaosPlan } from './plan.ts';
import type { PlannedOutage } from './plan-outages.ts';

/** Longest wait for a training in the phase that an outage is meant for. Milliseconds. */
const PHASE_WITHIN_MS = 2_000;

export interface OutageRecord {
  readonly kind: string;
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False when there was nothing to break, such as a store that cannot be shut. */
  readonly done: boolean;
  /** Ids of the faults that it armed in the emulated cloud; none for a break of ours. */
  readonly faultIds: readonly string[];
}

interface OutageOptions {
  /** Settles when this many trainings have been started. */
  readonly started: (count: number) => Promise<void>;
  readonly monitor: Monitor;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** Runs the plan's outages; settles after the last one. A signal ends the waiting, never a break that is half done. */
export async function runOutages(stack: ChaosStack, plan: ChaosPlan, options: OutageOptions): Promise<OutageRecord[]> {
  const random = createRandom(plan.seed, 'victims');
  const records: OutageRecord[] = [];
  for (const outage of plan.outages) {
    await options.started(outage.afterStarted);
    await sleep(outage.afterMs, undefined, { signal: options.signal }).catch(() => undefined);
    await options.monitor.untilSome(outage.phase, PHASE_WITHIN_MS);
    if (options.signal.aborted) break;
    const fromMs = Date.now();
    const { done, faultIds } = await breakPart(stack, outage, random);
    records.push({ kind: outage.kind, fromMs, toMs: Date.now(), done, faultIds });
    options.log(`${outage.kind}${done ? '' : ' (not possible here)'}`);
  }
  return records;
}

async function breakPart(
  stack: ChaosStack,
  outage: PlannedOutage,
  random: Random,
): Promise<Pick<OutageRecord, 'done' | 'faultIds'>> {
  if (outage.faults.length > 0) return { done: true, faultIds: await stack.world.addFault(outage.faults) };
  const kind = BREAKS.find((name) => name === outage.kind);
  return { done: kind !== undefined && (await breakOurs(stack, kind, outage.lengthMs, random)), faultIds: [] };
}

async function breakOurs(stack: ChaosStack, kind: Break, lengthMs: number, random: Random): Promise<boolean> {
  switch (kind) {
    case 'worker-kill':
      return random.pick(stack.workers).signal('SIGKILL');
    case 'worker-freeze': {
      const worker = random.pick(stack.workers);
      if (!worker.signal('SIGSTOP')) return false;
      await sleep(lengthMs);
      return worker.signal('SIGCONT');
    }
    case 'api-kill':
      return stack.api.signal('SIGKILL');
    case 'temporal-restart':
      await stack.temporal.restart();
      return true;
    case 'postgres-restart':
      await stack.database.restart();
      return true;
    case 'postgres-crash':
      await stack.database.crash();
      return true;
    case 'store-refuses':
      return await shutStore(stack, 'refuses', lengthMs);
    case 'store-503':
      return await shutStore(stack, 'busy', lengthMs);
  }
}

async function shutStore({ store: { gate } }: ChaosStack, mode: GateMode, lengthMs: number): Promise<boolean> {
  if (gate === null) return false;
  gate.set(mode);
  await sleep(lengthMs);
  gate.set('open');
  return true;
}
