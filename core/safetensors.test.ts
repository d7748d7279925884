import { describe, expect, test } from 'vitest';
import { createSafetensorsCheck } from './safetensors.ts';

function file(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

const HEADER = {
  __metadata__: { training_info: '{"step": 500, "epoch": 3}' },
  'a.lora_A.weight': { dtype: 'F16', shape: [2, 2], data_offsets: [0, 8] },
};

function judge(bytes: Buffer, chunkBytes = bytes.byteLength) {
  const check = createSafetensorsCheck();
  for (let offset = 0; offset < bytes.byteLength; offset += chunkBytes)
    check.add(bytes.subarray(offset, offset + chunkBytes));
  return check.verdict();
}

describe('safetensors', () => {
  test.each([1, 7, 64, 10_000])('a whole file is valid, in chunks of %i bytes', (chunkBytes) => {
    expect(judge(file(HEADER, 8), chunkBytes)).toEqual({ status: 'valid', tensors: 1, step: 500 });
  });

  test('a file cut at any byte is invalid', () => {
    const whole = file(HEADER, 8);

    const verdicts = Array.from({ length: whole.byteLength }, (_, end) => judge(whole.subarray(0, end), 5).status);

    expect(new Set(verdicts)).toEqual(new Set(['invalid']));
  });

  test.each([
    ['bytes behind the last tensor', file(HEADER, 9)],
    ['no tensor', file({ __metadata__: {} }, 0)],
    ['tensor without offsets', file({ a: {} }, 0)],
    ['header that is no object', file('text', 0)],
    ['header of absurd length', Buffer.alloc(64, 0xff)],
    ['HTML', Buffer.from('<!doctype html><html><body>Bad gateway</body></html>')],
    ['null tensor', file({ a: null }, 0)],
  ])('%s is invalid', (_, bytes) => {
    expect(judge(bytes).status).toBe('invalid');
  });
});
