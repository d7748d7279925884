import { describe, expect, it } from 'vitest';
import { hasTrigger, withTriggerOnce, withoutTrigger } from './trigger.ts';

describe('hasTrigger', () => {
  it.each([
    ['ohwx', 'ohwx on a bench', true],
    ['ohwx', 'a dog beside ohwx.', true],
    ['ohwx', 'an ohwx-style room', true],
    ['ohwx', 'Ohwx on a bench', false],
    ['tok', 'a token on a bench', false],
    ['mia 2', 'mia 21 on a bench', false],
    ['a.b', 'aXb on a bench', false],
    ['小美', '照片里的小美在公园', true],
  ])('looks for %j in %j: %j', (triggerWord, line, expected) => {
    expect(hasTrigger(line, triggerWord)).toBe(expected);
  });
});

describe('withTriggerOnce', () => {
  it.each([
    ['a man on a bench', 'ohwx, a man on a bench'],
    ['a man like ohwx on a bench', 'a man like ohwx on a bench'],
    ['ohwx, ohwx, sitting on a bench', 'ohwx, sitting on a bench'],
    ["a photo of ohwx, ohwx's dog", 'a photo of ohwx, dog'],
    ['ohwx in an ohwx-style room', 'ohwx in an ohwx-style room'],
    ['ohwx on a bench , at noon', 'ohwx on a bench , at noon'],
  ])('turns %j into %j', (line, expected) => {
    expect(withTriggerOnce(line, 'ohwx')).toBe(expected);
  });
});

describe('withoutTrigger', () => {
  it.each([
    ['red shirt with the word ohwx, soft light', 'red shirt with the word, soft light'],
    ['red shirt, ohwx', 'red shirt'],
    ['red shirt', 'red shirt'],
  ])('turns %j into %j', (text, expected) => {
    expect(withoutTrigger(text, 'ohwx')).toBe(expected);
  });
});
