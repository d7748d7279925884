import { describe, expect, it } from 'vitest';
import { openPicture } from '../intake/pictures.ts';
import { renderContactSheet } from './contact-sheet.ts';
import { curatedSet, curationReport, photoReport } from './report.fixture.ts';

const KEPT = [46, 160, 90];
const RESERVE = [160, 160, 160];
const DROPPED = [214, 60, 48];
const CROSS = [150, 150, 150];

async function pixelsOf(png: Buffer) {
  const { data, info } = await openPicture(png).raw().toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)],
  };
}

describe('renderContactSheet', () => {
  it('frames each photo by its decision, kept first, and crosses out what could not be decoded', async () => {
    const broken = { decision: 'drop', reason: 'unreadable', signals: null } as const;
    const report = curationReport([
      photoReport('broken.jpg', broken),
      photoReport('blurry.jpg', { decision: 'drop', reason: 'blurry' }),
      photoReport('spare.jpg', { decision: 'reserve', reason: 'over_quota' }),
      photoReport('good.jpg'),
    ]);

    const sheet = await pixelsOf(await renderContactSheet(await curatedSet(report)));

    // 4 photos: 3 columns of 120 px with 8 px between and around.
    expect([sheet.width, sheet.height]).toEqual([3 * 128 + 8, 2 * 128 + 8]);
    const frames = [0, 1, 2, 3].map((i) => sheet.at(8 + (i % 3) * 128 + 2, 8 + Math.floor(i / 3) * 128 + 2));
    expect(frames).toEqual([KEPT, RESERVE, DROPPED, DROPPED]);
    expect(sheet.at(8 + 60, 8 + 60)).toEqual([128, 128, 128]);
    // A dashed frame has gaps; a solid one has none.
    expect(sheet.at(8 + 12, 10)).toEqual(KEPT);
    expect(sheet.at(8 + 128 + 12, 10)).not.toEqual(RESERVE);
    // Dropped pictures are faded; what could not be decoded is a cross.
    expect(sheet.at(8 + 256 + 60, 8 + 30)[0]).toBeLessThan(100);
    expect(sheet.at(8 + 6 + 20, 136 + 6 + 20)).toEqual(CROSS);
  });

  it('has at most 12 columns', async () => {
    const photos = Array.from({ length: 130 }, (_, i) => photoReport(`${i}.jpg`));
    const sheet = await pixelsOf(
      await renderContactSheet({ report: curationReport(photos), thumbnails: new Map(), pairs: [] }),
    );

    expect([sheet.width, sheet.height]).toEqual([12 * 128 + 8, 11 * 128 + 8]);
  });

  it('is a picture also without photos', async () => {
    expect((await renderContactSheet(await curatedSet(curationReport([])))).subarray(1, 4).toString()).toBe('PNG');
  });
});
