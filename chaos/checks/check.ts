/** Judges the evidence of a run: every promise that was broken, with the training that it was broken to. */
import type { Evidence } from '../evidence.ts';
import { checkBytes } from './check-bytes.ts';
import { checkCoverage } from './check-coverage.ts';
import { checkMoney } from './check-money.ts';
import { checkPods } from './check-pods.ts';
import { checkPublications } from './check-publications.ts';
import { checkResumes } from './check-resumes.ts';
import { checkStory } from './check-story.ts';
import type { Violation } from './violation.ts';

/** All violations, in the order of the trainings; empty when every promise was kept. */
export function checkEvidence(evidence: Evidence): Violation[] {
  const general: Violation[] =
    evidence.notAccepted > 0
      ? [{ code: 'NOT_ACCEPTED', message: `${evidence.notAccepted} of ${evidence.runs} trainings` }]
      : [];
  return [
    ...general,
    ...checkCoverage(evidence),
    ...evidence.trainings.flatMap((training) => [
      ...checkStory(training),
      ...checkBytes(training, evidence.book),
      ...checkPublications(training, evidence),
      ...checkResumes(training, evidence),
    ]),
    ...checkPods(evidence),
    ...checkMoney(evidence),
  ];
}
