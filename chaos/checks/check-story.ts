import { took } from '../evidence.ts';
import type { TrainingEvidence } from '../evidence.ts';
import type { Violation, ViolationCode } from './violation.ts';

/** Attempts of one set by the failure policy. */
const MOST_ATTEMPTS = 3;
/** How each end of a workflow must look in the row. */
const STATUS_OF: Readonly<Record<string, readonly string[]>> = {
  COMPLETED: ['ready'],
  CANCELLED: ['cancelled'],
  FAILED: ['failed'],
  // A training that was terminated after its row had become ready lost nothing.
  TERMINATED: ['cancelled', 'ready'],
};

/** The end of one training: that it has one, the right one, and a whole file. */
export function checkStory(training: TrainingEvidence): Violation[] {
  const { id, status, workflow } = training;
  const found: Violation[] = [];
  const report = (code: ViolationCode, message: string) => found.push({ code, trainingId: id, message });
  if (workflow === 'RUNNING') {
    report('NOT_ENDED', `it is ${status}, ${training.phase}`);
    return found;
  }
  // A training that was cancelled stays cancelled; the run that a reset makes of it ends as Failed and says so.
  const isResetOfCancelled = workflow === 'FAILED' && status === 'cancelled' && took(training, 'reset') > 0;
  const fits = STATUS_OF[workflow]?.includes(status) || isResetOfCancelled;
  if (!fits) report('ROW_DISAGREES', `the workflow is ${workflow}, the row says ${status}, ${training.phase}`);
  if (status !== 'ready' && !wasEndedByPerson(training, status))
    report('NOT_READY', `it is ${status}: ${training.reason}: ${training.message}`);
  for (const failure of unexplainedFailures(training)) report('NOT_READY', failure);
  if (status === 'ready') for (const fault of artifactFaults(training)) report('ARTIFACT_LOST', fault);
  if (status === 'ready' && training.readyEvents !== 1) report('READY_TWICE', `${training.readyEvents} events`);
  const byPersons = took(training, 'retry') + took(training, 'pause') + took(training, 'reset');
  const explained = 1 + struckAttempts(training) + byPersons + training.failures.length;
  if (training.attempts.length > explained) {
    const reasons = training.attempts.map((attempt) => `a${attempt.number} ${attempt.status} ${attempt.reason ?? ''}`);
    report('ATTEMPT_WITHOUT_CAUSE', `${training.attempts.length} instead of ${explained}: ${reasons.join(', ')}`);
  }
  return found;
}

function wasEndedByPerson(training: TrainingEvidence, status: string): boolean {
  return status === 'cancelled' && took(training, 'cancel') + took(training, 'terminate') > 0;
}

/** Faults that end an attempt by the policy and that struck. */
function struckAttempts({ faults }: TrainingEvidence): number {
  return faults.filter(({ costs, struck }) => costs === 'attempt' && struck).length;
}

/** It may fail, and wait for its retry, only when a whole set of attempts was struck. */
function unexplainedFailures(training: TrainingEvidence): string[] {
  const allowed = Math.floor(struckAttempts(training) / MOST_ATTEMPTS);
  return training.failures.slice(allowed).map((reason) => `it failed and had to be retried: ${reason}`);
}

function artifactFaults({ artifact, filesPerSave }: TrainingEvidence): string[] {
  if (artifact.length !== filesPerSave) return [`the record has ${artifact.length} of ${filesPerSave} files`];
  return artifact.flatMap(({ key, sha256, sizeBytes, wantedSha256, wantedBytes }) => {
    if (sha256 === null) return [`${key} is not in the store`];
    if (sha256 === wantedSha256 && sizeBytes === wantedBytes) return [];
    return [`${key} has ${sizeBytes} of ${wantedBytes} bytes, or other ones`];
  });
}
