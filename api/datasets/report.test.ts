import { expect, test } from 'vitest';
import { formatOf } from './report.ts';

test.each([
  [undefined, undefined, 'json'],
  [undefined, '*/*', 'json'],
  [undefined, 'application/json', 'json'],
  [undefined, 'text/html', 'html'],
  [undefined, 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'html'],
  [undefined, 'application/json, text/html;q=0.5', 'json'],
  [undefined, 'application/xhtml+xml', 'json'],
  ['json', 'text/html', 'json'],
  ['contact-sheet', 'text/html', 'contact-sheet'],
] as const)('format %s with accept %s is %s', (format, accept, expected) => {
  expect(formatOf(format, accept)).toBe(expected);
});
