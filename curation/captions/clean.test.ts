import { describe, expect, it } from 'vitest';
import { captionLength, cleanCaption, cutCaption } from './clean.ts';

describe('cleanCaption', () => {
  it.each([
    ['  two \r\n lines\t here ', 'two lines here'],
    ['caf\u0065\u0301', 'café'],
    ['bell\u0007 and null\u0000 and bidi\u202e', 'bell and null and bidi'],
    [
      'zero\u200bwidth and soft\u00adhyphen and hidden\u{e0041}\u{e0042} tags',
      'zerowidth and softhyphen and hidden tags',
    ],
    ['a family 👨\u200d👩\u200d👧 stays one', 'a family 👨\u200d👩\u200d👧 stays one'],
    ['price ${HOME} and $${x}', 'price {HOME} and {x}'],
    ['[trigger] and [NAME] and [[name]]', 'trigger and NAME and name]'],
    ['half a pair \ud83d.', 'half a pair .'],
    [' \n ', ''],
  ])('turns %j into %j', (text, cleaned) => {
    expect(cleanCaption(text)).toBe(cleaned);
  });
});

describe('cutCaption', () => {
  it('keeps 1,000 whole characters', () => {
    expect(captionLength(cutCaption('😀'.repeat(1_200)))).toBe(1_000);
    expect(cutCaption('😀'.repeat(1_200))).not.toMatch(/[\ud800-\udbff]$/);
  });

  it('leaves what fits as it is', () => {
    expect(cutCaption('😀'.repeat(1_000))).toBe('😀'.repeat(1_000));
  });
});
