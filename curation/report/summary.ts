import type { CurationReport, DropReason } from './report.ts';
import { REASON_WORDS } from './words.ts';

/** Puts a report into one sentence: "12 of 15 photos can be trained on; dropped: 2 near duplicates, 1 too small." */
export function summarise({ verdict, options, kept, reserved, dropped, photos }: CurationReport): string {
  const counts = new Map<DropReason, number>();
  for (const { decision, reason } of photos) {
    if (decision === 'drop' && reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = (Object.keys(REASON_WORDS) as DropReason[]).flatMap((reason) => {
    const count = counts.get(reason);
    const { one, many = one } = REASON_WORDS[reason];
    return count === undefined ? [] : [`${count} ${count === 1 ? one : many}`];
  });
  const total = kept + reserved + dropped;
  const photosOf = `${kept} of ${total} ${total === 1 ? 'photo' : 'photos'} can be trained on`;
  const parts = [
    verdict === 'blocked' ? `Only ${photosOf}, at least ${options.minPhotos} are needed` : photosOf,
    ...(reserved > 0 ? [`${reserved} more in reserve`] : []),
    ...(reasons.length > 0 ? [`dropped: ${reasons.join(', ')}`] : []),
  ];
  return `${parts.join('; ')}.`;
}
