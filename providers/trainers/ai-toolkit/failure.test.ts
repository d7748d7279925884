import { describe, expect, test } from 'vitest';
import { failureOf } from './failure.ts';

describe('what the trainer says', () => {
  test.each([
    ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB', 'OUT_OF_MEMORY'],
    ['OOM during training step 3 times in a row, aborting training', 'OUT_OF_MEMORY'],
    ['You are trying to access a gated repo.', 'GATED_MODEL'],
    ['401 Client Error: Unauthorized for url', 'GATED_MODEL'],
    ['Job process terminated with exit code 1.', 'TRAINER_ERROR'],
  ])('%j means %s', (info, code) => {
    expect(failureOf(info, '').code).toBe(code);
  });

  test('the log decides when the row says little', () => {
    expect(failureOf('Job process terminated with exit code 1.', 'RuntimeError: CUDA error: out of memory').code).toBe(
      'OUT_OF_MEMORY',
    );
  });
});
