import type { HomeFile, SaveEvidence, TrainingEvidence } from '../evidence.ts';
import type { Book, BookFile } from '../book.ts';
import { podsOf } from './check-pods.ts';
import type { Violation } from './violation.ts';

/** Compares what is in our store with what the emulated trainers wrote on their pods' disks, by SHA-256. */
export function checkBytes(training: TrainingEvidence, book: Book): Violation[] {
  const { id, status, artifact } = training;
  const report = (message: string): Violation => ({ code: 'BYTES_DIFFER', trainingId: id, message });
  const written = (attempt: number, kind: FileKind, step: number) =>
    writtenBy(book, id, attempt)
      .filter((file) => kindOf(file) === kind && file.step === step)
      .map(({ sha256 }) => sha256);
  const isOfPod = ({ attempt, kind, step }: HomeFile | SaveEvidence, sha256: string) => {
    const hashes = written(attempt, kind, step);
    // A pod that ended just after a write has not recorded it.
    const isComplete = hashes.length >= (kind === 'weights' ? training.filesPerSave : 1);
    return !isComplete || hashes.includes(sha256);
  };
  const saves = training.saves
    .filter((save) => !isOfPod(save, save.sha256))
    .map(({ attempt, kind, step }) => report(`${kind} of step ${step} of attempt ${attempt}`));
  const kept = training.home.flatMap((file) => {
    const { key, sha256, wantedSha256 } = file;
    if (sha256 === null) return [report(`${key} is not in the store`)];
    if (wantedSha256 !== null && wantedSha256 !== sha256) return [report(`${key} is not what was recorded`)];
    return isOfPod(file, sha256) ? [] : [report(`${key} was on no pod`)];
  });
  if (status !== 'ready') return [...saves, ...kept];
  const finals = training.attempts.flatMap(({ number }) =>
    writtenBy(book, id, number).filter((file) => kindOf(file) === 'final-weights'),
  );
  const result = artifact
    .filter(({ sha256 }) => sha256 !== null && !finals.some((file) => file.sha256 === sha256))
    .map(({ key }) => report(`${key} is no pod’s final file`));
  return [...saves, ...kept, ...result];
}

export type FileKind = 'weights' | 'final-weights' | 'optimizer' | 'sample';

/** What a file is, by its path on the pod. */
export function kindOf({ path }: BookFile): FileKind {
  if (path.includes('/samples/')) return 'sample';
  if (path.endsWith('/optimizer.pt')) return 'optimizer';
  return /_\d{9}(_(high|low)_noise)?\.safetensors$/.test(path) ? 'weights' : 'final-weights';
}

/** Everything that the trainers of an attempt wrote. */
export function writtenBy(book: Book, trainingId: string, attempt: number): BookFile[] {
  const ids = new Set(
    podsOf(book, trainingId)
      .filter(({ name }) => name.includes(`-a${attempt}p`))
      .map((pod) => pod.id),
  );
  return book.trainings.filter(({ podId }) => ids.has(podId)).flatMap(({ files }) => files);
}
