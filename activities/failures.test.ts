import { describe, expect, test } from 'vitest';
import { redact } from './failures.ts';

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
