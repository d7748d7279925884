import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { TrainingPhoto } from '../trainer.ts';
import { createSession } from './session.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A trainer whose uploads are answered by the test, each in its own time. */
async function listen() {
  const uploads: { req: IncomingMessage; res: ServerResponse }[] = [];
  server = createServer((req, res) => {
    if (req.url === '/api/datasets/upload') uploads.push({ req, res });
    else if (req.url === '/api/datasets/create') res.end(JSON.stringify({ name: 'ds', path: '/ds' }));
    else res.end('[]');
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { uploads, target: { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, password: 'p' } };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

async function accept({ req, res }: { req: IncomingMessage; res: ServerResponse }): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  const files = [
    ...Buffer.concat(parts)
      .toString('latin1')
      .matchAll(/filename="([^"]+)"/g),
  ].map((match) => match[1]);
  res.end(JSON.stringify({ message: 'Files uploaded successfully', files }));
}

/** Sixteen of these are a batch. */
const photos = Array.from({ length: 96 }, (_, index): TrainingPhoto => {
  const filename = `${String(index).padStart(4, '0')}.jpg`;
  return { filename, caption: 'ohwx', sizeBytes: 5, read: async () => Buffer.from('photo') };
});

test('sends nothing any more when one request fails, and is not done before the others are', async () => {
  const { uploads, target } = await listen();
  const progress: number[] = [];
  let settled = false;
  const upload = createSession(target).uploadDataset({
    datasetName: 'ds',
    photos,
    from: 0,
    onProgress: (uploaded) => progress.push(uploaded),
    signal: new AbortController().signal,
  });
  const ended = upload.then(
    () => (settled = true),
    (error: unknown) => ((settled = true), error),
  );
  await until(() => uploads.length === 3);

  uploads[1]!.res.writeHead(500).end('{"error":"no space left"}');
  await accept(uploads[0]!);
  await until(() => progress.length === 1);
  const settledBeforeTheLast = settled;
  await accept(uploads[2]!);
  const error = await ended;

  expect(settledBeforeTheLast).toBe(false);
  expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', message: expect.stringContaining('no space left') });
  expect(uploads).toHaveLength(3);
  // The next try goes on behind what had arrived without a gap.
  expect(progress).toEqual([16, 16]);
});
