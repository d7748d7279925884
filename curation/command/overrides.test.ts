import { describe, expect, it } from 'vitest';
import { parseOverrides } from './overrides.ts';

describe('parseOverrides', () => {
  it('reads what a person says about photos', () => {
    const text = JSON.stringify({
      'a.jpg': { decision: 'pin', framing: 'upper', caption: 'ohwx on a bench', why: 'best smile', by: 'ada' },
      'b.jpg': { decision: 'exclude' },
    });

    expect([...parseOverrides(text, 'o.json')]).toEqual([
      ['a.jpg', { decision: 'pin', framing: 'upper', caption: 'ohwx on a bench', why: 'best smile', by: 'ada' }],
      ['b.jpg', { decision: 'exclude', framing: null, caption: null, why: null, by: 'o.json' }],
    ]);
  });

  it.each([
    ['{', 'o.json is not JSON'],
    ['[]', 'o.json must contain an object whose keys are file names or SHA-256 sums.'],
    ['{"a.jpg": "pin"}', 'o.json, a.jpg: must be an object such as'],
    ['{"a.jpg": {"decision": "keep"}}', 'o.json, a.jpg: decision must be pin or exclude.'],
    ['{"a.jpg": {"framing": "legs"}}', 'o.json, a.jpg: framing must be portrait or upper or full.'],
    ['{"a.jpg": {"caption": 5}}', 'o.json, a.jpg: caption must be a string.'],
    ['{"a.jpg": {"pin": true}}', 'o.json, a.jpg: "pin" is not one of decision, framing, caption, why, by.'],
  ])('refuses %s with a sentence', (text, message) => {
    expect(() => parseOverrides(text, 'o.json')).toThrow(message);
  });
});
