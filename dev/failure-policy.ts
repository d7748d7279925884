/**
 * Renders docs/failure-policy.md from the one table in core/failure.ts: `npx tsx dev/failure-policy.ts`. A test
 * compares the two.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILURE_CODES, failurePolicy } from '../core/failure.ts';
import type { FailureAction, FailureCode, FailurePolicy } from '../core/failure.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';

export const FAILURE_POLICY_FILE = join(import.meta.dirname, '..', 'docs', 'failure-policy.md');

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { maxAttempts, maxPodsPerAttempt, capacityTimeoutMs, capacityWaitMs, retryWindowMs } = DEFAULT_INTERVALS;
const waits = capacityWaitMs.map((waitMs) => waitMs / MINUTE);
const retryDays = retryWindowMs / (24 * HOUR);

const ACTIONS: Readonly<Record<FailureAction, string>> = {
  new_attempt: 'pod torn down, next attempt',
  new_pod: `pod torn down, another pod in the same attempt (up to ${maxPodsPerAttempt}), then the next attempt`,
  wait_for_capacity: `next offer; when all are taken, a durable wait of ${waits.slice(0, -1).join(', ')}, then ${waits.at(-1)} min each, up to ${capacityTimeoutMs / HOUR} h in all, then as for \`stop\``,
  retry_step:
    'Temporal retries the step with growing pauses; when all tries are used up, POD_LOST if it was a step on a pod, else as for `stop`',
  stop: `pod torn down, training \`failed\`, waits ${retryDays} days for \`retryTraining\``,
  send_again: 'nothing was rented and nothing is waiting; a retry answers 409',
  keep_artifact: 'training stays `ready`, that publication is `failed`',
  cancel: 'pod torn down, training `cancelled`',
  take_over: 'pods of the previous run torn down, then on from where the database says it stands',
  pause: 'saved, save copied to our store, pod torn down, waits for `resumeTraining` without a time limit',
};

export function renderFailurePolicy(): string {
  return [
    '# Failure policy',
    '',
    'Every error carries one of these codes, and this table says what happens then: it is rendered from `core/failure.ts`,',
    `which the workflow reads. A training has ${maxAttempts} attempts. After the last failure no pod is alive, the status is \`failed\`,`,
    `one \`training.failed\` event has been sent, and the workflow waits ${retryDays} days for the signal \`retryTraining\`, which starts`,
    'a fresh set of attempts.',
    '',
    '| code | meaning | action | what happens | counts as an attempt | what you can do |',
    '| --- | --- | --- | --- | --- | --- |',
    ...FAILURE_CODES.map(row),
    '',
    'An attempt whose pods all turn out to be unusable is a failed attempt. `retryTraining` during an attempt ends that attempt',
    '(pod first) and starts the next one with a fresh count, so an operator never has to cancel a run that is stuck. A failed',
    'publication that keeps no code of its own is stored as PUBLISH_FAILED.',
    '',
    'A step may report any failure as passing, as it does for an unexpected error (INTERNAL) and for a transfer whose hash',
    'differs: Temporal then retries it as for `retry_step`, and the table says what follows when all tries are used up.',
    '',
  ].join('\n');
}

function row(code: FailureCode): string {
  const policy = failurePolicy(code);
  const { meaning, action, advice } = policy;
  const happens = [ACTIONS[action], ...specialties(policy)].join('; ');
  return `| ${code} | ${meaning} | \`${action}\` | ${happens} | ${counts(policy)} | ${advice} |`;
}

function specialties(policy: FailurePolicy): string[] {
  const isAttempt = policy.action === 'new_attempt';
  return [
    isAttempt &&
      policy.largerGpu &&
      'from then on a GPU with more memory, if the request allows one, and low-memory mode',
    isAttempt && policy.oncePerTraining && 'only once per training',
    policy.publicationKeepsCode === true && 'a publication that fails with this code keeps it',
  ].filter((text) => text !== false);
}

/** Only attempts that are followed by others are counted. */
function counts(policy: FailurePolicy): string {
  if (!('countsAsAttempt' in policy)) return '-';
  return policy.countsAsAttempt ? 'yes' : 'no';
}

if (process.argv[1] === import.meta.filename) writeFileSync(FAILURE_POLICY_FILE, renderFailurePolicy());
