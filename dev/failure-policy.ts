/**
 * Renders docs/failure-policy.md from the one table in core/failure.ts: `npx tsx dev/failure-policy.ts`. A test
 * compares the two.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_POLICY } from '../core/failure.ts';
import type { FailureAction } from '../core/failure.ts';

export const FAILURE_POLICY_FILE = join(import.meta.dirname, '..', 'docs', 'failure-policy.md');

const ACTIONS: Readonly<Record<FailureAction, string>> = {
  new_attempt: 'pod torn down, next attempt',
  new_pod: 'pod torn down, another pod in the same attempt (up to 3)',
  wait_for_capacity: 'next offer; when all are taken, a durable wait of 1, 2, 5, then 10 min each, up to 6 h in all',
  retry_step: 'Temporal retries the step with growing pauses',
  stop: 'pod torn down, training `failed`, waits 7 days for `retryTraining`',
  send_again: 'nothing was rented and nothing is waiting; a retry answers 409',
  keep_artifact: 'training stays `ready`, that publication is `failed`',
  cancel: 'pod torn down, training `cancelled`',
  take_over: 'pods of the previous run torn down, then on from where the database says it stands',
  pause: 'saved, save copied to our store, pod torn down, waits for `resumeTraining` without a time limit',
};

export function renderFailurePolicy(): string {
  const rows = Object.entries(FAILURE_POLICY).map(
    ([code, { meaning, action, countsAsAttempt, advice }]) =>
      `| ${code} | ${meaning} | ${ACTIONS[action]} | ${countsAsAttempt ? 'yes' : 'no'} | ${advice} |`,
  );
  return [
    '# Failure policy',
    '',
    'Every error carries one of these codes, and this table says what happens then (`core/failure.ts`; this page is',
    'rendered from it). A training has three attempts. After the third failure no pod is alive, the status is `failed`, one',
    '`training.failed` event has been sent, and the workflow waits seven days for the signal `retryTraining`, which starts a',
    'fresh set of attempts.',
    '',
    '| code | meaning | what happens | counts as an attempt | what you can do |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'If a step on a pod fails with PROVIDER_UNAVAILABLE on every retry, the failure becomes POD_LOST. An attempt whose pods all',
    'turn out to be unusable is a failed attempt. `retryTraining` during an attempt ends that attempt (pod first) and starts the',
    'next one with a fresh count, so an operator never has to cancel a run that is stuck.',
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) writeFileSync(FAILURE_POLICY_FILE, renderFailurePolicy());
