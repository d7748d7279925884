/** docs/benchmarks.md says what the benchmarks' own results say, and nothing else. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PAGE_FILE, readResults, renderPage } from '../bench/page.ts';
import { BENCHMARKS } from '../bench/report.ts';

test('docs/benchmarks.md is what the results render', () => {
  expect(readFileSync(PAGE_FILE, 'utf8')).toBe(renderPage(readResults()));
});

describe.each(BENCHMARKS)('the kept result of %s', (name) => {
  test('names its day, commit and machine', () => {
    const result = readResults()[name];
    if (result === null) return expect(readFileSync(PAGE_FILE, 'utf8')).toContain(`npm run bench:${name} -- --save`);

    expect(result.benchmark).toBe(name);
    expect(result.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(result.commit).toMatch(/^[0-9a-f]{7,40}$/);
    expect(result.machine).toMatchObject({ processor: expect.any(String), node: expect.stringMatching(/^v\d+/) });
    expect(result.targets.length).toBeGreaterThan(0);
  });
});
