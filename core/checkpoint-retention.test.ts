import { describe, expect, it } from 'vitest';
import { expiredFiles } from './checkpoint-retention.ts';
import type { RetentionRule } from './checkpoint-retention.ts';
import type { CheckpointFile } from './checkpoint.ts';

const RULE: RetentionRule = { training: 'trains', keep: 3, filesPerSave: 1, steps: 1_000 };

/** `w250` or `o250`, of attempt 1, or `2:w250`; a letter behind tells two files apart. */
function fileOf(text: string): CheckpointFile {
  const [, attempt = '1', kind, step] = /^(?:(\d+):)?([wo])(\d+)[a-z]?$/.exec(text)!;
  return {
    kind: kind === 'w' ? 'weights' : 'optimizer',
    attempt: Number(attempt),
    step: Number(step),
    filename: text,
    sizeBytes: 1,
    sha256: '',
    storageKey: text,
  };
}

const expired = (names: string, rule: Partial<RetentionRule> = {}) =>
  expiredFiles(names.split(' ').filter(Boolean).map(fileOf), { ...RULE, ...rule })
    .map(({ filename }) => filename)
    .join(' ');

describe('expiredFiles of a training that runs', () => {
  it('keeps the weights of the newest saves, and the optimizers of the newest two', () => {
    expect(expired('w100 o100 w200 o200 w300 o300 w400 o400')).toBe('w100 o100 o200');
  });

  it('keeps two saves to go on from even when people want none', () => {
    expect(expired('w100 o100 w200 o200 w300 o300', { keep: 0 })).toBe('w100 o100');
  });

  it('expires nothing before more saves are whole', () => {
    expect(expired('w100 o100 w200 o200')).toBe('');
    expect(expired('')).toBe('');
  });

  it('counts a save of two files once both are home', () => {
    const wan = { keep: 1, filesPerSave: 2 };

    expect(expired('w100a w100b o100 w200a w200b o200 w300a', wan)).toBe('');
    expect(expired('w100a w100b o100 w200a w200b o200 w300a w300b', wan)).toBe('w100a w100b o100');
  });

  it('keeps the save to go on from, however old, while younger ones have no optimizer', () => {
    expect(expired('w700 o700 w800 w850 w900 w950', { keep: 2 })).toBe('w800 w850');
  });

  it('clears away parts of saves that never became whole', () => {
    expect(expired('o100 w200 o200 w300 o300 w400 o400', { keep: 2 })).toBe('o100 w200 o200');
  });

  it('keeps the saves of an attempt that began anew, although an earlier one had come further', () => {
    expect(expired('w700 o700 w800 o800 w900 o900 2:w100 2:o100 2:w200 2:o200 2:w300 2:o300')).toBe(
      'w700 o700 w800 o800 2:o100',
    );
  });
});

describe('expiredFiles of a training that has ended', () => {
  it('keeps the newest weights and no optimizer', () => {
    expect(expired('w100 o100 w200 o200 w300 w400 o400', { training: 'ended' })).toBe('w100 o100 o200 o400');
  });

  it('keeps nothing when nothing is wanted', () => {
    expect(expired('w100 o100 w200', { training: 'ended', keep: 0 })).toBe('w100 o100 w200');
  });

  it('keeps no save that is not whole', () => {
    expect(expired('w100a w100b w200a', { training: 'ended', filesPerSave: 2 })).toBe('w200a');
  });
});
