import { FRAMINGS } from '../../core/curation.ts';
import type { CurationOptions, Framing } from '../../core/curation.ts';
import { chooseDiverse } from './diversity.ts';
import { balanceRepeats, exactQuotas, filledQuotas, perFraming } from './quotas.ts';
import type { PerFraming } from './quotas.ts';

/** A photo that could be trained on. The list comes in a fixed order, so the same photos give the same choice. */
export interface Selectable {
  /** Null in sets without framing, and when nobody was found: such a photo is chosen last. */
  readonly framing: Framing | null;
  readonly pinned: boolean;
  /** 0 to 1. */
  readonly quality: number;
}

export interface Selection {
  /** Places in the list. */
  readonly kept: ReadonlySet<number>;
  /** How often an epoch shows the photos of each class. */
  readonly repeats: PerFraming;
}

/** Chooses what is trained on: pinned photos always, the others for the mix, quality and variety. */
export function selectPhotos(
  photos: readonly Selectable[],
  options: CurationOptions,
  distance: (a: number, b: number) => number,
): Selection {
  const kept =
    options.subjectKind === 'person' ? selectPersons(photos, options, distance) : selectBest(photos, options, distance);
  const balanced = options.subjectKind === 'person' && options.mixPolicy === 'weights';
  const repeats = balanced ? balanceRepeats(countFramings(photos, kept), options.mixTarget) : perFraming(() => 1);
  return { kept, repeats };
}

export function countFramings(
  photos: readonly { readonly framing: Framing | null }[],
  places: Iterable<number>,
): Record<Framing, number> {
  const counts = perFraming(() => 0);
  for (const place of places) {
    const { framing } = photos[place]!;
    if (framing !== null) counts[framing]++;
  }
  return counts;
}

function selectBest(
  photos: readonly Selectable[],
  { maxPhotos }: CurationOptions,
  distance: (a: number, b: number) => number,
): Set<number> {
  const kept = new Set(placesWhere(photos, ({ pinned }) => pinned));
  const others = placesWhere(photos, ({ pinned }) => !pinned);
  return fill(photos, kept, others, maxPhotos - kept.size, distance);
}

function selectPersons(
  photos: readonly Selectable[],
  options: CurationOptions,
  distance: (a: number, b: number) => number,
): Set<number> {
  const { mixPolicy, mixTarget: target, minPhotos: min, maxPhotos: max } = options;
  const framed = placesWhere(photos, ({ framing }) => framing !== null);
  const available = countFramings(photos, framed);
  let kept = new Set(placesWhere(photos, ({ pinned }) => pinned));
  if (mixPolicy === 'off') {
    kept = fill(photos, kept, framed, max - kept.size, distance);
  } else {
    const quota =
      mixPolicy === 'select' ? exactQuotas({ min, max }, target, available) : filledQuotas(max, target, available);
    const pinned = countFramings(photos, kept);
    for (const framing of FRAMINGS) {
      const open = placesWhere(photos, (photo) => photo.framing === framing && !photo.pinned);
      const room = Math.min(quota[framing] - pinned[framing], max - kept.size);
      kept = fill(photos, kept, open, room, distance);
    }
  }
  // Photos in which nobody was found come last: `select` takes them only to reach the minimum.
  const unframed = placesWhere(photos, ({ framing, pinned }) => framing === null && !pinned);
  return fill(photos, kept, unframed, (mixPolicy === 'select' ? min : max) - kept.size, distance);
}

function fill(
  photos: readonly Selectable[],
  kept: ReadonlySet<number>,
  from: readonly number[],
  count: number,
  distance: (a: number, b: number) => number,
): Set<number> {
  const open = from.filter((place) => !kept.has(place));
  if (count >= open.length) return new Set([...kept, ...open]);
  if (count <= 0) return new Set(kept);
  const chosen = chooseDiverse({
    from: open,
    chosen: [...kept],
    count,
    quality: (place) => photos[place]!.quality,
    distance,
    all: photos.map((_, place) => place),
  });
  return new Set([...kept, ...chosen]);
}

function placesWhere(photos: readonly Selectable[], matches: (photo: Selectable) => boolean): number[] {
  return photos.flatMap((photo, place) => (matches(photo) ? [place] : []));
}
