import type { DestinationKind } from '../../core/destination.ts';
import type { Evidence, TrainingEvidence } from '../evidence.ts';
import type { Violation } from './violation.ts';

/** The places that a training was to be published to: the artifact is there by its bytes, and was put there once. */
export function checkPublications(training: TrainingEvidence, { book, tags }: Evidence): Violation[] {
  const { id, repo, status, artifact, destinations, publications } = training;
  const found: Violation[] = [];
  const commits = book.hubCommits
    .filter((commit) => commit.repo === repo)
    .map(({ files }) => files.filter(({ path }) => path.endsWith('.safetensors')).map(({ oid }) => oid))
    .filter((weights) => weights.length > 0);
  if (commits.length > 1)
    found.push({ code: 'PUBLISHED_TWICE', trainingId: id, message: `${commits.length} commits of weights in ${repo}` });
  if ((tags[repo] ?? 0) > 1)
    found.push({ code: 'PUBLISHED_TWICE', trainingId: id, message: `${tags[repo]} versions in ${repo}` });
  if (training.bucket.length > artifact.length)
    found.push({ code: 'PUBLISHED_TWICE', trainingId: id, message: `${training.bucket.length} objects in the bucket` });
  if (status !== 'ready') return found;
  const wanted = artifact.map(({ wantedSha256 }) => wantedSha256);
  const isThere: Readonly<Record<DestinationKind, boolean>> = {
    huggingface: wanted.every((sha256) => commits.flat().includes(sha256)) && (tags[repo] ?? 0) > 0,
    s3: wanted.every((sha256) => training.bucket.includes(sha256)),
  };
  for (const [position, kind] of destinations.entries()) {
    const record = publications[position];
    const isRecorded = record?.kind === kind && record.status === 'published' && record.sha256 === wanted[0];
    if (isRecorded && isThere[kind]) continue;
    found.push({
      code: 'NOT_PUBLISHED',
      trainingId: id,
      message: `${kind}: recorded as ${record?.status ?? 'nothing'}; ${isThere[kind] ? 'there' : 'not there'}`,
    });
  }
  return found;
}
