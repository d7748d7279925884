/** One run from plan to report: start, play, collect, judge, save the histories of what went wrong, stop. */
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkEvidence } from './checks/check.ts';
import { collectEvidence } from './collect.ts';
import { coverageOf } from './coverage.ts';
import type { Evidence } from './evidence.ts';
import { saveHistory } from './history.ts';
import { measure } from './measure.ts';
import { play } from './play.ts';
import type { ChaosPlan } from './plan.ts';
import type { Report } from './report.ts';
import { startChaosStack } from './stack.ts';
import type { ChaosStack } from './stack.ts';
import type { Violation } from './checks/violation.ts';

/** Where histories and logs of a run with violations are kept. */
const KEPT_IN = join('.tempera', 'chaos');
/** Most histories that one run keeps. */
const MOST_HISTORIES = 20;

export interface RunOptions {
  readonly together: number;
  readonly limitMs: number;
  readonly settleLimitMs: number;
  readonly log: (line: string) => void;
  /** A signal ends the run: everything is stopped, and null is returned. */
  readonly aborted: Promise<void>;
}

/** Plays a plan and judges it; null when it was aborted. */
export async function runChaos(plan: ChaosPlan, options: RunOptions): Promise<Report | null> {
  const stack = await startChaosStack({ log: options.log });
  if (stack.store.missing !== null)
    options.log(`no S3 server (${stack.store.missing}): the store is not shut in this run`);
  try {
    return await Promise.race([judge(stack, plan, options), options.aborted.then(() => null)]);
  } finally {
    await stack.stop();
  }
}

async function judge(stack: ChaosStack, plan: ChaosPlan, options: RunOptions): Promise<Report> {
  const played = await play(stack, plan, options);
  const evidence = await collectEvidence(stack, plan, played);
  const violations = await withHistories(stack, evidence, checkEvidence(evidence));
  return { seed: plan.seed, runs: plan.runs, figures: measure(evidence), coverage: coverageOf(evidence), violations };
}

async function withHistories(stack: ChaosStack, { seed, trainings }: Evidence, violations: readonly Violation[]) {
  if (violations.length === 0) return [];
  const folder = resolve(KEPT_IN, String(seed));
  const saved = new Map<string, string>();
  for (const { trainingId } of violations)
    if (trainingId !== undefined && !saved.has(trainingId) && saved.size < MOST_HISTORIES)
      saved.set(trainingId, await saveHistory(stack, trainingId, folder));
  cpSync(stack.logs, join(folder, 'logs'), { recursive: true });
  return violations.map((violation) => ({
    ...violation,
    index: trainings.find(({ id }) => id === violation.trainingId)?.index,
    history: saved.get(violation.trainingId ?? ''),
  }));
}
