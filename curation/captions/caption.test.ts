import { describe, expect, it } from 'vitest';
import { captionFor } from './caption.ts';
import type { CaptionInput } from './caption.ts';

const NOTHING: CaptionInput = { triggerWord: 'ohwx', framing: null, own: null, vision: null };
const codes = (input: Partial<CaptionInput>) =>
  captionFor({ ...NOTHING, ...input }).warnings.map((warning) => warning.code);

describe("the person's own caption", () => {
  it.each([
    ['ohwx on a bench', 'ohwx on a bench'],
    ['a man on a bench', 'ohwx, a man on a bench'],
    ['[trigger] on a bench, [name] smiling', 'ohwx on a bench, smiling'],
  ])('turns %j into %j', (own, text) => {
    expect(captionFor({ ...NOTHING, own })).toMatchObject({ text, source: 'person' });
  });

  it('wins over a description and over the framing', () => {
    const caption = captionFor({
      ...NOTHING,
      framing: 'full',
      own: 'ohwx at sea',
      vision: { status: 'described', text: 'wearing a hat' },
    });

    expect(caption).toEqual({ text: 'ohwx at sea', source: 'person', warnings: [] });
  });

  it('has the trigger word also when it is cut, and says that it was', () => {
    const { text, warnings } = captionFor({ ...NOTHING, own: `${'word '.repeat(400)} ohwx` });

    expect(text.startsWith('ohwx, word')).toBe(true);
    expect(text.length).toBeLessThanOrEqual(1_000);
    expect(warnings.map((warning) => warning.code)).toEqual(['caption_without_trigger', 'caption_cut']);
  });
});

describe('the template', () => {
  it.each([
    [null, undefined, 'a photo of ohwx'],
    [null, 'style', 'a photo of ohwx style'],
    ['portrait', undefined, 'close-up portrait of ohwx'],
    ['upper', 'woman', 'upper body photo of ohwx woman'],
    ['full', ' \n', 'full body photo of ohwx'],
  ] as const)('for framing %j and class %j is %j', (framing, className, text) => {
    expect(captionFor({ ...NOTHING, framing, className })).toEqual({ text, source: 'template', warnings: [] });
  });

  it('takes the place of a caption without text, with a warning', () => {
    expect(captionFor({ ...NOTHING, own: ' \n\u200b' })).toMatchObject({ text: 'a photo of ohwx', source: 'template' });
    expect(codes({ own: ' \n\u200b' })).toEqual(['caption_empty']);
    expect(codes({ own: null })).toEqual([]);
  });

  it('takes the place of a description that failed, and says why', () => {
    const caption = captionFor({ ...NOTHING, framing: 'upper', vision: { status: 'failed', message: 'no answer.' } });

    expect(caption).toEqual({
      text: 'upper body photo of ohwx',
      source: 'template',
      warnings: [
        {
          code: 'caption_fell_back',
          sentence: 'The photo could not be described, so the template is used as its caption: no answer.',
        },
      ],
    });
  });
});

describe('a description', () => {
  const described = (text: string) =>
    captionFor({ ...NOTHING, framing: 'upper', vision: { status: 'described', text } });

  it('follows the template, cleaned', () => {
    expect(described('wearing a ${RED} coat,\nsoft light')).toEqual({
      text: 'upper body photo of ohwx, wearing a {RED} coat, soft light',
      source: 'vision',
      warnings: [],
    });
  });

  it('does not repeat the trigger word, whatever is to be read in the picture', () => {
    expect(described('a shirt that says ohwx, soft light').text).toBe(
      'upper body photo of ohwx, a shirt that says, soft light',
    );
  });

  it('of nothing but the trigger word falls back to the template', () => {
    expect(described('ohwx')).toMatchObject({ text: 'upper body photo of ohwx', source: 'template' });
  });

  it('is cut at the limit, with a warning', () => {
    const { text, warnings } = described('word '.repeat(400));

    expect(text).toHaveLength(1_000);
    expect(warnings.map((warning) => warning.code)).toEqual(['caption_cut']);
  });
});
