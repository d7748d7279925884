import { describe, expect, test } from 'vitest';
import { redact } from './failures.ts';
import { judgeTrainerError } from './trainer-error.ts';

describe('what the trainer says', () => {
  test.each([
    ['torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB', 'OUT_OF_MEMORY'],
    ['OOM during training step 3 times in a row, aborting training', 'OUT_OF_MEMORY'],
    ['You are trying to access a gated repo.', 'GATED_MODEL'],
    ['401 Client Error: Unauthorized for url', 'GATED_MODEL'],
    ['Job process terminated with exit code 1.', 'TRAINER_ERROR'],
  ])('%j means %s', (info, code) => {
    expect(judgeTrainerError(info, '').code).toBe(code);
  });

  test('the log decides when the row says little', () => {
    expect(
      judgeTrainerError('Job process terminated with exit code 1.', 'RuntimeError: CUDA error: out of memory').code,
    ).toBe('OUT_OF_MEMORY');
  });
});

describe('redaction', () => {
  test.each([
    'Authorization: Bearer rpa_ABCDEFGHIJ',
    'token hf_abcdefghijklmnop failed',
    'https://s3/x?X-Amz-Signature=abcdef0123&X-Amz-Credential=AKIA',
    'postgresql://user:hunter2@host/db',
    'https://api/v1/objects/a?signature=abcdef',
    'key tmp_abcdefghijklmnop',
  ])('blots out the credential in %j', (text) => {
    expect(redact(text)).toContain('[redacted]');
    expect(redact(text)).not.toMatch(/ABCDEFGHIJ|abcdef|hunter2|AKIA/);
  });
});
