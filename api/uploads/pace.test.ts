import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { watchPace } from './pace.ts';

let server: Server;
let client: Socket;
afterEach(() => {
  client.destroy();
  server.close();
});

/** A request of which one byte has come. */
async function slowRequest(): Promise<IncomingMessage> {
  const arrived = new Promise<IncomingMessage>((resolve) => {
    server = createServer((request) => resolve(request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\na');
  return arrived;
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('an upload that hardly moves is given up', async () => {
  const request = await slowRequest();
  request.resume();
  const { signal } = watchPace(request, { leastBytes: 10, windowMs: 50 });

  expect(await aborted(signal)).toMatchObject({ statusCode: 408, code: 'UPLOAD_TOO_SLOW' });
});

test('one that waits for us is not', async () => {
  const request = await slowRequest();
  await new Promise((resolve) => request.once('readable', () => resolve(null)));
  const { signal, stop } = watchPace(request, { leastBytes: 10, windowMs: 5 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  stop();

  expect(signal.aborted).toBe(false);
});
