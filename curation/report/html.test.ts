import { describe, expect, it } from 'vitest';
import { LIMITS } from '../limits.ts';
import { renderReport } from './html.ts';
import { curatedSet, curationReport, photoReport } from './report.fixture.ts';
import type { CurationReport, PhotoReport } from './report.ts';

const page = async (photos: readonly PhotoReport[], patch: Partial<CurationReport> = {}) =>
  renderReport(await curatedSet(curationReport(photos, patch)));

/** Where the words stand, in the order in which they are expected. */
const positions = (text: string, words: readonly string[]) => words.map((word) => text.indexOf(word));

describe('renderReport', () => {
  const hostile = '<script>alert(1)</script>"\'&\u202egpj.exe';

  it('escapes whatever strangers wrote', async () => {
    const text = await page(
      [
        photoReport(hostile, {
          sentence: hostile,
          warnings: [{ code: 'small', sentence: hostile }],
          override: { decision: 'pin', framing: null, caption: hostile, by: hostile, why: hostile },
          nearest: { id: hostile, bits: 3, match: 0.99 },
          output: { ...photoReport('x').output!, caption: { text: hostile, source: 'person' } },
        }),
      ],
      { warnings: [hostile], plan: [{ kind: 'add', sentence: hostile, photoIds: [hostile, 'unknown'] }] },
    );

    expect(text).not.toMatch(/<script/i);
    expect(text).not.toContain('\u202e');
    // Also in attributes: no quote of theirs ends one.
    expect(text).toContain('alt="&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\ufffdgpj.exe"');
  });

  it('needs no network and runs no script', async () => {
    const text = await page([photoReport('a.jpg')]);

    const addresses = [...text.matchAll(/(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)/g)].map(([, address]) => address!);
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => !/^(#|data:image\/jpeg;base64,)/.test(address))).toEqual([]);
    expect(text).toContain('default-src &#39;none&#39;');
    expect(text).not.toMatch(/\son\w+=|@import|<link|<iframe/);
  });

  it('draws every limit that photos are held against', async () => {
    const text = await page([photoReport('a.jpg')]);

    const drawn = [...text.matchAll(/data-limit="([\d.]+)"/g)].map(([, limit]) => Number(limit));
    const { blurrySharpness, softSharpness, minArea, tooDarkP99, minLumaSpread } = LIMITS;
    expect(drawn).toEqual([blurrySharpness, softSharpness, minArea, 512 ** 2, 1_024 ** 2, tooDarkP99, minLumaSpread]);
  });

  it('draws a photo just below a limit on the left of its line', async () => {
    const sharp = (sharpness: number) => ({ ...photoReport('x').signals!, sharpness });
    const text = await page([
      photoReport('low.jpg', { decision: 'drop', reason: 'blurry', signals: sharp(LIMITS.blurrySharpness - 0.001) }),
      photoReport('high.jpg', { signals: sharp(LIMITS.blurrySharpness + 0.001) }),
    ]);

    const number = (pattern: RegExp) => Number(pattern.exec(text)![1]);
    const line = number(/data-limit="0.42">\s*<line x1="([\d.]+)"/);
    const low = /class="column drop"\s+x="([\d.]+)"\s+y="[\d.]+"\s+width="([\d.]+)"/.exec(text)!;
    expect(Number(low[1]) + Number(low[2])).toBeLessThanOrEqual(line);
    expect(number(/class="column keep"\s+x="([\d.]+)"/)).toBeGreaterThanOrEqual(line - 0.1);
  });

  it('shows the plan, then repeats beside what they repeat, then kept ones with doubts first, then the reserve', async () => {
    const certain = photoReport('certain.jpg');
    const uncertain = { ...certain.framing!, confidence: 'uncertain' } as const;
    const outputs = (filename: string) => ({ output: { ...certain.output!, filename } });
    const text = await page(
      [
        photoReport('spare.jpg', { decision: 'reserve', reason: 'over_quota' }),
        photoReport('certain.jpg', outputs('0001.jpg')),
        photoReport('warned.jpg', { ...outputs('0002.jpg'), warnings: [{ code: 'soft', sentence: 'A little soft.' }] }),
        photoReport('uncertain.jpg', { ...outputs('0003.jpg'), framing: uncertain }),
        photoReport('copy.jpg', { decision: 'drop', reason: 'duplicate_near', duplicateOf: 'certain.jpg' }),
        photoReport('broken.jpg', { decision: 'drop', reason: 'unreadable', signals: null }),
      ],
      { plan: [{ kind: 'add', sentence: 'More photos would help.', photoIds: [] }] },
    );

    const cards = text.slice(text.indexOf('id="photos"'));
    const names = ['copy', 'broken', 'uncertain', 'warned', 'certain', 'spare'].map(
      (name) => `-name"><bdi>${name}.jpg`,
    );
    const found = positions(cards, names);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
    expect(found).not.toContain(-1);
    expect(text.indexOf('More photos would help.')).toBeLessThan(text.indexOf('id="photos"'));
    expect(cards.slice(found[0]! - 2_000, found[0])).toMatch(/Kept: <a href="#photo-2"><bdi>certain\.jpg/);
  });

  it('marks the values that lie beyond a limit, and no other', async () => {
    const signals = { ...photoReport('x').signals!, sharpness: 0.3, barShare: 0.1 };
    const text = await page([photoReport('a.jpg', { signals })]);

    const marked = [...text.matchAll(/<tr class="(drop|warn)">\s*<th scope="row">([^<]+)/g)];
    expect(marked.map(([, mark, name]) => [mark, name])).toEqual([
      ['drop', 'Sharpness'],
      ['warn', 'Share in bars'],
    ]);
  });

  it('gives every link a target', async () => {
    const text = await page([
      photoReport('a.jpg', { nearest: { id: 'b.jpg', bits: 80, match: null } }),
      photoReport('b.jpg', { decision: 'drop', reason: 'crop_of', duplicateOf: 'a.jpg' }),
    ]);

    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(targets.length).toBeGreaterThan(8);
    expect(targets.filter((id) => !text.includes(`id="${id}"`))).toEqual([]);
  });

  it('shows mix and buckets, and no mix where there is none', async () => {
    const mix = [{ framing: 'upper', target: 70, kept: 4, repeats: 2, effective: 61.5, missing: 3 }] as const;
    const buckets = [{ resolution: 512, width: 448, height: 576, photos: 4 }];

    expect(await page([photoReport('a.jpg')], { mix, buckets })).toMatch(
      /61\.5\u00a0%.*width:61\.5%.*left:70%.*3 more would help.*448\u00a0×\u00a0576/s,
    );
    expect(await page([photoReport('a.jpg')], { mix: null })).not.toContain('Mix against the target');
  });
});
