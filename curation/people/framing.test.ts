import { describe, expect, it } from 'vitest';
import type { Face, PeopleFindings } from './findings.ts';
import { countFaces, findFraming } from './framing.ts';

const NOBODY: PeopleFindings = { faces: [], knee: 0, ankle: 0, person: null };

function face(top: number, height: number, score = 0.9): Face {
  return { score, left: 0.4, top, width: height, height };
}

describe('findFraming', () => {
  it.each([
    ['head and shoulders', face(0.1, 0.6), 'portrait', 1.5],
    ['a waist-up photo', face(0.1, 0.3), 'upper', 3],
    ['a whole body', face(0.05, 0.11), 'full', 8.64],
    ['a face cut off at the top', face(-0.1, 0.7), 'portrait', 1.43],
  ] as const)('takes %s for what it is', (_name, seen, framing, headsBelow) => {
    const knee = framing === 'full' ? 0.8 : 0;

    const finding = findFraming({ ...NOBODY, faces: [seen], knee });

    expect(finding).toMatchObject({ framing, confidence: 'clear', source: 'face' });
    expect(finding!.headsBelow).toBeCloseTo(headsBelow, 2);
  });

  it.each([
    ['the face says upper and the legs say full', { ...NOBODY, faces: [face(0.05, 0.3)], ankle: 0.6 }],
    ['the face says full and no legs are seen', { ...NOBODY, faces: [face(0.05, 0.1)] }],
    ['the face fills the picture', { ...NOBODY, faces: [face(0, 0.99)] }],
    ['the face reaches the lower edge', { ...NOBODY, faces: [face(0.2, 0.8)] }],
    ['legs are seen below a portrait', { ...NOBODY, faces: [face(0.1, 0.6)], knee: 0.7 }],
    ['the face is nearly as high as in a portrait', { ...NOBODY, faces: [face(0.05, 0.48)] }],
  ])('is uncertain when %s', (_name, findings) => {
    expect(findFraming(findings)).toMatchObject({ confidence: 'uncertain' });
  });

  it('goes by the body when there is no face', () => {
    const person = { score: 0.7, left: 0.3, top: 0.1, width: 0.3, height: 0.8 };

    expect(findFraming({ ...NOBODY, person, knee: 0.7 })).toMatchObject({ framing: 'full', source: 'person' });
    expect(findFraming({ ...NOBODY, person })).toMatchObject({ framing: 'upper', source: 'person' });
    expect(findFraming({ ...NOBODY, person: { ...person, score: 0.31 } })).toBeNull();
    expect(findFraming({ ...NOBODY, faces: [face(0.1, 0.5, 0.4)] })).toBeNull();
  });
});

describe('countFaces', () => {
  it('counts faces of similar size, not those in the background or in doubt', () => {
    const faces = [face(0.1, 0.4), face(0.2, 0.2), face(0.3, 0.1), face(0.2, 0.3, 0.4)];

    expect(countFaces({ ...NOBODY, faces })).toBe(2);
    expect(countFaces(NOBODY)).toBe(0);
  });
});
