import type { Evidence, TrainingEvidence } from './evidence.ts';
import type { Violation } from './violation.ts';

/** The hub after one training: the artifact is there, and was put there once. Every training has a repository of its own. */
export function checkPublications(training: TrainingEvidence, { book, tags }: Evidence): Violation[] {
  const { id, repo, status, artifact } = training;
  const found: Violation[] = [];
  const weights = book.hubCommits
    .filter((commit) => commit.repo === repo)
    .flatMap(({ files }) => files.filter(({ path }) => path.endsWith('.safetensors')));
  if (weights.length > 1)
    found.push({ code: 'PUBLISHED_TWICE', trainingId: id, message: `${weights.length} commits of weights in ${repo}` });
  if ((tags[repo] ?? 0) > 1)
    found.push({ code: 'PUBLISHED_TWICE', trainingId: id, message: `${tags[repo]} versions in ${repo}` });
  if (status !== 'ready') return found;
  const wanted = artifact[0]?.wantedSha256;
  const isThere = weights.some(({ oid }) => oid === wanted) && (tags[repo] ?? 0) > 0;
  const isRecorded = training.publications.every((one) => one.status === 'published' && one.sha256 === wanted);
  if (!isThere || !isRecorded || training.publications.length !== 1) {
    const recorded = training.publications.map((one) => one.status).join(', ') || 'nothing';
    found.push({
      code: 'NOT_PUBLISHED',
      trainingId: id,
      message: `recorded: ${recorded}; on the hub: ${isThere ? 'yes' : 'no'}`,
    });
  }
  return found;
}
