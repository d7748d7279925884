import { describe, expect, it } from 'vitest';
import { lintCaption, lintTriggerWord } from './lint.ts';

describe('lintCaption', () => {
  it.each([
    ['ohwx on a bench', []],
    ['Ohwx on a bench', ['caption_without_trigger']],
    [`ohwx ${'x'.repeat(1_000)}`, ['caption_cut']],
    ['x'.repeat(996), ['caption_without_trigger', 'caption_cut']],
    ['x'.repeat(994), ['caption_without_trigger']],
  ])('warns about %j: %j', (caption, expected) => {
    expect(lintCaption({ triggerWord: 'ohwx', caption }).map(({ code }) => code)).toEqual(expected);
  });

  it('gives the numbers', () => {
    expect(lintCaption({ triggerWord: 'ohwx', caption: `ohwx ${'x'.repeat(1_407)}` })).toEqual([
      { code: 'caption_cut', sentence: 'The caption has 1,412 characters; the first 1,000 are used.' },
    ]);
  });
});

describe('lintTriggerWord', () => {
  it.each(['anna', 'Anna', 'woman', 'dogs', 'anna_2', 'Mia 2', 'red dog', 'photo-style', 'test01', 'xy', '7'])(
    'warns about %j',
    (word) => {
      const [warning, ...others] = lintTriggerWord(word);

      expect(others).toEqual([]);
      expect(warning).toMatchObject({ code: 'trigger_common_word' });
      expect(warning?.sentence).toContain(`"${word}"`);
      expect(warning?.sentence).toContain('"ohwx"');
    },
  );

  it.each(['ohwx', 'ohwx woman', 'zkrpl', 'm1a_x7q', 'annaxq', '小美', '2024'])('has nothing against %j', (word) => {
    expect(lintTriggerWord(word)).toEqual([]);
  });
});
