import { describe, expect, it } from 'vitest';
import { resolveCurationOptions } from '../core/curation.ts';
import { decide, usablePhotos } from './decide.ts';
import type { JudgedPhoto } from './decide.ts';
import type { PhotoMeasures } from './signals/analysis.ts';

/** A photo good enough to be kept, without its picture. */
function judged(id: string, pixelHash = id): JudgedPhoto {
  const nothing = new Uint8Array();
  const analysis: PhotoMeasures = {
    status: 'decoded',
    sizeBytes: 1_000_000,
    width: 1_200,
    height: 1_200,
    hadAlpha: false,
    hadProfile: false,
    sharpness: 0.6,
    tileDetail: 300,
    lumaP5: 10,
    lumaP50: 120,
    lumaP95: 220,
    lumaP99: 240,
    colourfulness: 30,
    colours: new Uint8Array(64),
    barShare: 0,
    borderShare: 0,
    pixelHash,
    fingerprint: null,
    grey: { width: 0, height: 0, data: nothing },
    thumbnail: nothing,
  };
  const face = { score: 0.9, left: 0.3, top: 0.1, width: 0.3, height: 0.3 };
  return {
    photo: { id, sha256: id, filename: id, caption: null, override: null, read: async () => nothing },
    analysis,
    people: { faces: [face], knee: 0, ankle: 0, person: null },
  };
}

describe('decide with described faces', () => {
  const at = (x: number) => new Float32Array(128).fill(0).fill(x, 0, 1);

  it('warns of another person, keeps the photo, and gives repeats no say', () => {
    const own = ['a', 'b', 'c', 'd', 'e'].map((id) => judged(id));
    const stranger = judged('f-stranger');
    const copies = ['g', 'h', 'i', 'j', 'k', 'l', 'm'].map((id) => judged(id, 'f-stranger'));
    const photos = [...own, stranger, ...copies];
    const descriptors = new Map([
      ...own.map(({ photo }, index) => [photo.id, at(index / 10)] as const),
      ...[stranger, ...copies].map(({ photo }) => [photo.id, at(1)] as const),
    ]);

    const { verdicts, identityWarning } = decide({
      photos,
      usable: usablePhotos(photos),
      pairs: [],
      faces: { status: 'described', descriptors },
      options: resolveCurationOptions({ identityCheck: true }),
      training: { triggerWord: 'ohwx', resolutions: [1_024], divisor: 16 },
    });

    const flagged = [...verdicts].filter(([, { warnings }]) => warnings.some(({ code }) => code === 'other_person'));
    expect(flagged.map(([id]) => id)).toEqual(['f-stranger']);
    expect(verdicts.get('f-stranger')).toMatchObject({ decision: 'keep', identityDistance: 0.8 });
    expect(verdicts.get('g')).toMatchObject({ decision: 'drop', identityDistance: null });
    expect(identityWarning).toBeNull();
  });
});
