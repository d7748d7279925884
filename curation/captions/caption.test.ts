import { describe, expect, it } from 'vitest';
import { captionFor, cleanCaption, templateCaption } from './caption.ts';

describe('templateCaption', () => {
  it('is one line with the literal trigger word', () => {
    expect(templateCaption({ triggerWord: 'ohwx' })).toBe('a photo of ohwx');
  });
});

describe('cleanCaption', () => {
  it.each([
    ['  two \r\n lines\t here ', 'two lines here'],
    ['caf\u0065\u0301', 'café'],
    ['bell\u0007 and null\u0000 and bidi\u202e', 'bell and null and bidi'],
    ['price ${HOME} and $${x}', 'price {HOME} and {x}'],
    ['[trigger] and [NAME] and [[name]]', 'trigger and NAME and name]'],
    ['half a pair \ud83d.', 'half a pair .'],
    [' \n ', ''],
  ])('turns %j into %j', (text, cleaned) => {
    expect(cleanCaption(text)).toBe(cleaned);
  });

  it('keeps 1,000 whole characters', () => {
    expect(Array.from(cleanCaption('😀'.repeat(1_200)))).toHaveLength(1_000);
  });
});

describe('captionFor', () => {
  it.each([
    [null, 'a photo of ohwx'],
    ['\n', 'a photo of ohwx'],
    ['ohwx on a bench', 'ohwx on a bench'],
    ['a man on a bench', 'ohwx, a man on a bench'],
    ['[trigger] on a bench', 'ohwx on a bench'],
  ])('makes %j into %j', (caption, expected) => {
    expect(captionFor({ triggerWord: 'ohwx', caption })).toBe(expected);
  });

  it('has the trigger word also in a caption that is cut', () => {
    const caption = captionFor({ triggerWord: 'ohwx', caption: `${'word '.repeat(400)} ohwx` });

    expect(caption.startsWith('ohwx, word')).toBe(true);
    expect(caption.length).toBeLessThanOrEqual(1_000);
  });
});
