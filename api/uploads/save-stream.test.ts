import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saveStream } from './save-stream.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-save-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('answers with the error of a stream that breaks before it is read, which would end the process otherwise', async () => {
  const stream = new Readable({ read: () => undefined });
  const saved = saveStream(
    join(folder, 'one'),
    stream,
    () => 100,
    () => undefined,
  );
  stream.destroy(new Error('too many bytes'));

  await expect(saved).rejects.toThrow('too many bytes');
});
