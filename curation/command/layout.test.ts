import { describe, expect, it } from 'vitest';
import { columnsOf, fitted, padded, wrapped } from './layout.ts';

describe('layout', () => {
  it.each([
    ['abc', 3],
    ['写真', 4],
    ['e\u0301', 1],
    ['👩', 2],
    ['', 0],
  ])('counts the columns of %j', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('pads by columns', () => {
    expect(padded('写', 4)).toBe('写  ');
    expect(padded('long', 2)).toBe('long');
  });

  it('shortens in the middle', () => {
    expect(fitted('IMG_20240101_portrait.jpg', 12)).toBe('IMG_20…t.jpg');
    expect(columnsOf(fitted('写真写真写真写真.jpg', 11))).toBeLessThanOrEqual(11);
    expect(fitted('short.jpg', 12)).toBe('short.jpg');
  });

  it('breaks at blanks, and inside a word that is too long', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapped('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrapped('', 8)).toEqual(['']);
  });
});
