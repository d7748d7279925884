import { LIMITS } from '../limits.ts';
import type { Warning } from '../report/report.ts';

/**
 * The faces of a set, as seen by the identity check. Lives as long as one curation: nothing here may be stored, logged
 * or reported.
 */
export type DescribedFaces =
  | { readonly status: 'off' }
  | { readonly status: 'unavailable'; readonly why: string }
  /** By the photo's id: 128 numbers, closer to each other the more alike two faces are. */
  | { readonly status: 'described'; readonly descriptors: ReadonlyMap<string, Float32Array> };

export interface ComparedFaces {
  /** By the photo's id: median distance to the other faces, three decimals. */
  readonly distances: ReadonlyMap<string, number>;
  /** Why nothing was compared although it was requested. */
  readonly warning: string | null;
}

/** Compares the faces of these photos, each with all others. Photos without a described face are left out. */
export function compareFaces(faces: DescribedFaces, photoIds: readonly string[]): ComparedFaces {
  const distances = new Map<string, number>();
  if (faces.status === 'off') return { distances, warning: null };
  if (faces.status === 'unavailable') return { distances, warning: `The identity check did not run: ${faces.why}` };
  const described = photoIds.flatMap((id) => {
    const descriptor = faces.descriptors.get(id);
    return descriptor ? [{ id, descriptor }] : [];
  });
  if (described.length < LIMITS.identityFaces) {
    const warning = `The identity check did not run: it needs ${LIMITS.identityFaces} photos with a clear face, and there are only ${described.length}.`;
    return { distances, warning };
  }
  for (const one of described) {
    const others = described.filter((other) => other !== one);
    const middle = median(others.map((other) => distance(one.descriptor, other.descriptor)));
    distances.set(one.id, Math.round(middle * 1_000) / 1_000);
  }
  return { distances, warning: null };
}

/** "Probably another person: distance 0.71 to the others, limit 0.60." */
export function identityWarnings(distance: number | null): Warning[] {
  if (distance === null || distance <= LIMITS.otherPersonDistance) return [];
  // Rounded up: a distance just above the limit should not look equal to it.
  const shown = (Math.ceil(Math.round(distance * 1_000) / 10) / 100).toFixed(2);
  const sentence = `Probably another person: distance ${shown} to the others, limit ${LIMITS.otherPersonDistance.toFixed(2)}.`;
  return [{ code: 'other_person', sentence }];
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
