import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { curationReport, photoReport } from '../report/report.fixture.ts';
import { columnsOf } from './layout.ts';
import { renderTable } from './table.ts';

const report = curationReport(
  [
    photoReport('mia.jpg', { warnings: [{ code: 'soft', sentence: 'A little soft.' }] }),
    photoReport('spare.jpg', { decision: 'reserve', reason: 'over_quota', sentence: 'Good, but 30 are enough.' }),
    photoReport('IMG_20240101_120000_a very long name, final.jpg', {
      decision: 'drop',
      reason: 'crop_of',
      sentence: 'Crop of mia.jpg: match 0.997, limit 0.985.',
    }),
  ],
  {
    verdict: 'blocked',
    mix: [
      { framing: 'portrait', target: 20, kept: 0, repeats: 1, effective: 0, missing: 2 },
      { framing: 'upper', target: 70, kept: 200, repeats: 4, effective: 100, missing: 120 },
    ],
    warnings: ['All photos show the same jacket.'],
    plan: [{ kind: 'add', sentence: '2 more close-up portraits would help.', photoIds: [] }],
  },
);

describe('renderTable', () => {
  it('shows decisions, mix, plan and verdict', () => {
    expect(renderTable(report, { width: 80, colour: false })).toMatchInlineSnapshot(`
      "Photo                   Decision Warn  Why
      mia.jpg                 keep     1     Kept: 1200 x 1600 pixels, sharpness 0.63,
                                             no copy among the others.
      spare.jpg               reserve        Good, but 30 are enough.
      IMG_2024010… final.jpg  drop           Crop of mia.jpg: match 0.997, limit
                                             0.985.

      Mix, as the training sees it
      Portrait    [...|............]  0.0 % of 20 %, 0 photos x 1; 2 missing
      Upper body  [###########|####]  100.0 % of 70 %, 200 photos x 4; 120 missing

      Warnings
      1. All photos show the same jacket.

      What to do next
      1. 2 more close-up portraits would help.

      Blocked.
      Only 1 of 3 photos can be trained on, at least 5 are needed; 1 more in reserve;
      dropped: 1 crop of another.
      "
    `);
  });

  it.each([60, 80, 132])('fits %i columns and uses them', (width) => {
    const lines = renderTable(report, { width, colour: true }).split('\n').map(stripVTControlCharacters);

    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(Math.max(width, 80));
    const sentence = lines.find((line) => line.startsWith('mia.jpg'))!;
    expect(sentence.includes('no copy among the others.')).toBe(width === 132);
  });

  it('paints decisions, and nothing without colour', () => {
    expect(renderTable(report, { width: 80, colour: true })).toContain('\u001b[32mkeep');
    expect(renderTable(report, { width: 80, colour: false })).not.toContain('\u001b');
  });

  it('lets no file name command the terminal', () => {
    const hostile = curationReport([photoReport('\u001b[2J\rrm.jpg', { sentence: 'A copy of \u001b]0;x\u0007.' })]);

    const text = renderTable(hostile, { width: 80, colour: false });
    expect(['\u001b', '\r', '\u0007'].filter((character) => text.includes(character))).toEqual([]);
  });
});
