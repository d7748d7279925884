/** Breaks parts of the installation as the plan says, one after the other, and keeps the times. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../dev/random.ts';
import { createRandom } from '../dev/random.ts';
import type { GateMode } from './store-gate.ts';
import type { ChaosStack } from './stack.ts';
import type { Break } from './outage-kinds.ts';
import { BREAKS } from './outage-kinds.ts';
import type { ChaosPlan, PlannedOutage } from './plan.ts';

export interface OutageRecord {
  readonly kind: string;
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False when there was nothing to break, such as a store that cannot be shut. */
  readonly done: boolean;
}

interface OutageOptions {
  /** Settles when so many trainings have been started. */
  readonly started: (count: number) => Promise<void>;
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
    if (options.signal.aborted) break;
    const fromMs = Date.now();
    const done = await breakPart(stack, outage, random);
    records.push({ kind: outage.kind, fromMs, toMs: Date.now(), done });
    options.log(`${outage.kind}${done ? '' : ' (not possible here)'}`);
  }
  return records;
}

async function breakPart(stack: ChaosStack, outage: PlannedOutage, random: Random): Promise<boolean> {
  if (outage.faults.length > 0) {
    await stack.world.addFaults(outage.faults);
    return true;
  }
  const kind = BREAKS.find((name) => name === outage.kind);
  return kind === undefined ? false : await breakOurs(stack, kind, outage.lengthMs, random);
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
