import { describe, expect, it } from 'vitest';
import { curationOptionFaults, resolveCurationOptions } from './curation.ts';

describe('identityCheck', () => {
  it('is off unless it is asked for', () => {
    expect(resolveCurationOptions({}).identityCheck).toBe(false);
    expect(resolveCurationOptions({ identityCheck: undefined }).identityCheck).toBe(false);
    expect(resolveCurationOptions({ identityCheck: true }).identityCheck).toBe(true);
  });

  it('takes nothing but true and false', () => {
    expect(curationOptionFaults({ identityCheck: true })).toEqual([]);
    for (const value of ['true', 1, null])
      expect(curationOptionFaults({ identityCheck: value as unknown as boolean })).toEqual([
        'identityCheck must be true or false',
      ]);
  });

  it('is for a person only: a style or an object has no face to compare', () => {
    for (const subjectKind of ['style', 'object'] as const)
      expect(curationOptionFaults({ subjectKind, identityCheck: true })).toEqual([
        'identityCheck needs subjectKind person',
      ]);
  });
});
