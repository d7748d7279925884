import { createHmac } from 'node:crypto';
import type { PublicationSubject } from '../publisher.ts';

/** The path of the mark in a repository. */
export const MARK_PATH = 'tempera.json';

interface MarkParams {
  /** The app key. */
  readonly secret: string;
  /** Name of the installation. */
  readonly environment: string;
  readonly repo: string;
  readonly subject: Pick<PublicationSubject, 'userId' | 'characterId' | 'trainingId'>;
}

/**
 * Whose a repository is: an HMAC under the app key over installation, user, character (or training, without one) and
 * the repository's own name. Nobody else can make one, one from another repository fits nowhere else, and it tells
 * nobody the user's id. docs/decisions/publish-huggingface.md says why it is a file.
 */
export function ownershipMark({ secret, environment, repo, subject }: MarkParams): string {
  const { userId, characterId, trainingId } = subject;
  const lineage = characterId === null ? { trainingId } : { characterId };
  // The Hub treats "Ada" and "ada" as one name.
  const owner = JSON.stringify([environment, userId, lineage, repo.toLowerCase()]);
  return createHmac('sha256', secret).update(`hub-repository:${owner}`).digest('hex');
}

export function markFile(mark: string): string {
  const about = 'Made by Tempera, which publishes to this repository only while this file is here and unchanged.';
  return `${JSON.stringify({ about, mark }, null, 2)}\n`;
}

/** Whether the text of a repository's file contains this mark. */
export function holdsMark(text: string, mark: string): boolean {
  try {
    return (JSON.parse(text) as { mark?: unknown } | null)?.mark === mark;
  } catch {
    return false;
  }
}
