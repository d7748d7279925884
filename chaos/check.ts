/** Judges the evidence of a run: every promise that was broken, with the training that it was broken to. */
import { checkMoney } from './check-money.ts';
import { checkPods } from './check-pods.ts';
import { checkPublications } from './check-publications.ts';
import { checkResumes } from './check-resumes.ts';
import { checkStory } from './check-story.ts';
import type { Evidence } from './evidence.ts';
import type { Violation } from './violation.ts';

/** All violations, in the order of the trainings; empty when every promise was kept. */
export function checkEvidence(evidence: Evidence): Violation[] {
  const general: Violation[] =
    evidence.notAccepted > 0
      ? [{ code: 'NOT_ACCEPTED', message: `${evidence.notAccepted} of ${evidence.runs} trainings` }]
      : [];
  return [
    ...general,
    ...evidence.trainings.flatMap((training) => [
      ...checkStory(training),
      ...checkPublications(training, evidence),
      ...checkResumes(training, evidence.book),
    ]),
    ...checkPods(evidence),
    ...checkMoney(evidence),
  ];
}
