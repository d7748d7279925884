import { describe, expect, it } from 'vitest';
import { compareFaces, identityWarnings } from './identity-distances.ts';
import type { DescribedFaces } from './identity-distances.ts';

/** A face at this point of a plane: distances are then easy to see. */
function face(x: number, y = 0): Float32Array {
  const descriptor = new Float32Array(128);
  descriptor.set([x, y]);
  return descriptor;
}

function described(faces: Record<string, Float32Array>): DescribedFaces {
  return { status: 'described', descriptors: new Map(Object.entries(faces)) };
}

describe('compareFaces', () => {
  it('gives each face the median of its distances to the others', () => {
    const faces = described({ a: face(0), b: face(0.3), c: face(0, 0.4), d: face(0.3, 0.4), far: face(3, 4) });

    const { distances, warning } = compareFaces(faces, ['a', 'b', 'c', 'd', 'far']);

    // Of a: 0.3, 0.4, 0.5 and 5; of far: 4.5 to 5.
    expect(distances.get('a')).toBe(0.45);
    expect(distances.get('far')).toBeCloseTo(4.75, 1);
    expect(warning).toBeNull();
  });

  it('takes the middle one of an odd number of distances', () => {
    const faces = described({ a: face(0), b: face(0.1), c: face(0.2), d: face(0.3), e: face(0.4), f: face(0.5) });

    expect(compareFaces(faces, ['a', 'b', 'c', 'd', 'e', 'f']).distances.get('a')).toBe(0.3);
  });

  it('flags the stranger and nobody else, in any order', () => {
    const own = { a: face(0), b: face(0.2), c: face(0.1, 0.2), d: face(0.3, 0.1), e: face(0.1) };
    const faces = described({ ...own, stranger: face(0.6, 0.6) });
    const ids = ['a', 'b', 'stranger', 'c', 'd', 'e'];

    const found = [ids, ids.toReversed()].map((order) => compareFaces(faces, order).distances);

    for (const distances of found)
      expect(ids.filter((id) => identityWarnings(distances.get(id)!).length > 0)).toEqual(['stranger']);
    expect(found[1]).toEqual(found[0]);
  });

  it('asks only the photos that it is told of, and only those with a face', () => {
    const faces = described({ a: face(0), b: face(0), c: face(0), d: face(0), e: face(0), copy: face(9) });

    const { distances } = compareFaces(faces, ['a', 'b', 'c', 'd', 'e', 'from-behind']);

    expect([...distances.keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(distances.get('a')).toBe(0);
  });

  it('says so when there are too few faces', () => {
    const faces = described({ a: face(0), b: face(0), c: face(0), d: face(9) });

    const { distances, warning } = compareFaces(faces, ['a', 'b', 'c', 'd', 'from-behind']);

    expect(distances.size).toBe(0);
    expect(warning).toBe('The identity check did not run: it needs 5 photos with a clear face, and there are only 4.');
  });

  it('says what to do when it cannot run, and nothing when it is off', () => {
    expect(compareFaces({ status: 'off' }, ['a'])).toEqual({ distances: new Map(), warning: null });
    expect(compareFaces({ status: 'unavailable', why: 'do this' }, ['a'])).toEqual({
      distances: new Map(),
      warning: 'The identity check did not run: do this',
    });
  });
});

describe('identityWarnings', () => {
  it('names the distance and the limit', () => {
    expect(identityWarnings(0.712)).toEqual([
      {
        code: 'other_person',
        sentence: 'Probably another person: distance 0.72 to the others, limit 0.60.',
      },
    ]);
    expect(identityWarnings(0.71)[0]!.sentence).toContain('distance 0.71 to');
  });

  it('begins above the limit, and then never reads like the limit', () => {
    expect(identityWarnings(0.6)).toEqual([]);
    expect(identityWarnings(0.601)[0]!.sentence).toContain('distance 0.61 to');
    expect(identityWarnings(null)).toEqual([]);
  });
});
