import type { CuratedSet } from '../contract.ts';
import type { PhotoReport } from './report.ts';

/** What a part of the page needs to know about the whole set. */
export interface Page {
  readonly set: CuratedSet;
  readonly photos: ReadonlyMap<string, PhotoReport>;
  /** Id of a photo's card on the page. */
  anchor(photoId: string): string;
}
