import { createHash } from 'node:crypto';
import type { IntakeReason } from './intake/intake.ts';
import { RULES_VERSION } from './limits.ts';

/** Why a photo is not trained on. */
export type DropReason = IntakeReason | 'too_small' | 'duplicate_exact' | 'duplicate_near';

/** What was decided about one photo, in a shape that JSON holds. */
export interface PhotoDecision {
  readonly id: string;
  readonly sha256: string;
  readonly filename: string;
  readonly decision: 'keep' | 'drop';
  /** Null when the photo is kept. */
  readonly reason: DropReason | null;
  /** One sentence with the numbers and, for a duplicate, the other photo's name. */
  readonly sentence: string;
  /** Upright size in pixels; null when the file could not be read. */
  readonly width: number | null;
  readonly height: number | null;
  /** 0 to 1, higher is sharper; null when the file could not be decoded. */
  readonly sharpness: number | null;
  /** The kept photo that this one repeats. */
  readonly duplicateOf: string | null;
}

export interface CurationReport {
  readonly rulesVersion: string;
  /** False when fewer than `minimum` photos are left. */
  readonly accepted: boolean;
  readonly minimum: number;
  readonly kept: number;
  readonly dropped: number;
  /** Sorted by sha256, then file name, then id: the same photos in any order give the same report. */
  readonly photos: readonly PhotoDecision[];
}

const REASON_WORDS: Readonly<Record<DropReason, string>> = {
  unreadable: 'unreadable',
  unsupported_format: 'of an unsupported format',
  animated: 'animated',
  too_large: 'too large',
  too_small: 'too small',
  duplicate_exact: 'exact duplicates',
  duplicate_near: 'near duplicates',
};

/** Puts a report into one sentence: "12 of 15 photos can be trained on; dropped: 2 near duplicates, 1 too small." */
export function summarise({ accepted, minimum, kept, dropped, photos }: CurationReport): string {
  const total = kept + dropped;
  const counts = new Map<DropReason, number>();
  for (const { reason } of photos) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = Object.entries(REASON_WORDS).flatMap(([reason, words]) => {
    const count = counts.get(reason as DropReason);
    return count === undefined ? [] : [`${count} ${words}`];
  });
  const why = parts.length === 0 ? '' : `; dropped: ${parts.join(', ')}`;
  if (accepted) return `${kept} of ${total} photos can be trained on${why}.`;
  return `Only ${kept} of ${total} photos can be trained on, at least ${minimum} are needed${why}.`;
}

/** Names a dataset by its content: hex SHA-256 over the rules, the photos and their captions, in any order given. */
export function datasetVersion(photos: readonly { readonly sha256: string; readonly caption: string }[]): string {
  const entries = photos.map(({ sha256, caption }) => JSON.stringify([sha256, caption])).toSorted();
  return createHash('sha256')
    .update(JSON.stringify([RULES_VERSION, entries]))
    .digest('hex');
}
