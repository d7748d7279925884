import type { Book, BookTraining } from '../book.ts';
import { podsOf } from './check-pods.ts';

/** The trainer's process of an attempt; undefined when none was started. */
export function trainerOf(book: Book, trainingId: string, attempt: number): BookTraining | undefined {
  const ids = new Set(
    podsOf(book, trainingId)
      .filter(({ name }) => name.includes(`-a${attempt}p`))
      .map((pod) => pod.id),
  );
  return book.trainings.find(({ podId }) => ids.has(podId));
}
