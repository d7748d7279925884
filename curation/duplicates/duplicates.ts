import type { PhotoMeasures } from '../signals/analyse.ts';
import { fingerprintDistance } from '../signals/fingerprint.ts';
import { LIMITS } from '../limits.ts';

export interface MeasuredPhoto {
  readonly id: string;
  readonly sha256: string;
  readonly measures: PhotoMeasures;
}

/** A photo and the better one that it repeats. `bits` of 256 differ; 0 for an exact duplicate. */
export interface Duplicate {
  readonly kind: 'exact' | 'near';
  readonly of: string;
  readonly bits: number;
}

/**
 * Finds repeated photos, by id. The best comes first (larger area, then sharper, then smaller sha256, then the order given),
 * and each further one is compared with those kept so far. So every dropped photo repeats a photo that is kept, with the
 * distance that the report states; nothing is dropped through a chain of look-alikes.
 */
export async function findDuplicates(photos: readonly MeasuredPhoto[]): Promise<Map<string, Duplicate>> {
  const ranked = photos.toSorted(byRank);
  const kept: MeasuredPhoto[] = [];
  const duplicates = new Map<string, Duplicate>();
  for (const photo of ranked) {
    const found = nearestRepeat(photo, kept);
    if (found) duplicates.set(photo.id, found);
    else kept.push(photo);
    // At most one photo against all others per turn of the event loop: 200 comparisons take less than a millisecond.
    await new Promise(setImmediate);
  }
  return duplicates;
}

function nearestRepeat(photo: MeasuredPhoto, kept: readonly MeasuredPhoto[]): Duplicate | null {
  let nearest: Duplicate | null = null;
  for (const other of kept) {
    if (other.sha256 === photo.sha256 || other.measures.pixelHash === photo.measures.pixelHash)
      return { kind: 'exact', of: other.id, bits: 0 };
    if (photo.measures.fingerprint === null || other.measures.fingerprint === null) continue;
    const bits = fingerprintDistance(photo.measures.fingerprint, other.measures.fingerprint);
    if (bits <= LIMITS.nearDuplicateBits && (nearest === null || bits < nearest.bits))
      nearest = { kind: 'near', of: other.id, bits };
  }
  return nearest;
}

function byRank(a: MeasuredPhoto, b: MeasuredPhoto): number {
  const area = ({ measures }: MeasuredPhoto) => measures.width * measures.height;
  return (
    area(b) - area(a) ||
    b.measures.sharpness - a.measures.sharpness ||
    (a.sha256 < b.sha256 ? -1 : a.sha256 > b.sha256 ? 1 : 0)
  );
}
