import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openDownload } from './http.ts';
import { sendStream } from './http-upload.ts';

const never = new AbortController().signal;
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(handler);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/upload?signature=secret`;
}

/** Answers that end a connection without ever being a response. */
const NO_RESPONSES: readonly [string, Parameters<typeof createServer>[1]][] = [
  [
    'switches protocols',
    (_req, res) =>
      void res.socket!.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  ],
  ['hangs up', (_req, res) => void res.socket!.end()],
];

const CHUNK = Buffer.alloc(1024 * 1024, 7);

/** Chunks of 1 MiB, and how many were asked for. */
function source(count: number) {
  const state = { read: 0, closed: false };
  async function* chunks() {
    try {
      for (; state.read < count; state.read += 1) yield CHUNK;
    } finally {
      state.closed = true;
    }
  }
  return { state, body: { contentType: 'text/plain', sizeBytes: count * CHUNK.length, chunks: chunks() } };
}

const common = { vendor: 'The trainer', headers: { authorization: 'Bearer secret' }, timeoutMs: 20_000, signal: never };

describe.each(NO_RESPONSES)('a server that %s', (_name, handler) => {
  it('fails an upload at once', async () => {
    const sending = sendStream({ ...common, url: await listen(handler), body: source(1).body });

    await expect(sending).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('fails a download at once', async () => {
    const opening = openDownload({ vendor: 'The trainer', url: await listen(handler), signal: never });

    await expect(opening).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('sendStream', () => {
  it('says the length, sends every byte and reads the answer', async () => {
    let bytes = 0;
    const url = await listen((req, res) => {
      req.on('data', (chunk: Buffer) => (bytes += chunk.length));
      req.on('end', () => res.end(JSON.stringify({ length: req.headers['content-length'], bytes })));
    });

    const answer = await sendStream({ ...common, url, body: source(5).body });

    expect(answer).toMatchObject({ status: 200, json: { length: '5242880', bytes: 5_242_880 } });
  });

  it('reads no further than the other side takes', async () => {
    const { state, body } = source(200);
    let release = () => {};
    const url = await listen((req, res) => {
      release = () => req.resume().on('end', () => res.end('{}'));
    });

    const sending = sendStream({ ...common, url, body });
    // Until the buffers on the way are full and the count stands still.
    for (let before = -1; before < state.read;) {
      before = state.read;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const held = state.read;
    release();
    await sending;

    expect(held).toBeLessThan(50);
    expect(state.read).toBe(200);
  });

  it('takes an answer that comes before the body is out, and closes the source', async () => {
    const { state, body } = source(200);
    const url = await listen((_, res) => res.writeHead(413, { connection: 'close' }).end('too large'));

    const answer = await sendStream({ ...common, url, body });

    expect(answer).toMatchObject({ status: 413, text: 'too large' });
    expect(state).toMatchObject({ closed: true });
    expect(state.read).toBeLessThan(200);
  });

  it('gives up after its time, naming neither query nor credential', async () => {
    const { state, body } = source(200);
    const url = await listen(() => {});

    const error = await sendStream({ ...common, url, body, timeoutMs: 200 }).catch((cause: unknown) => cause);

    expect(error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      message: 'The trainer could not be reached: POST /upload: no answer within 200 ms',
    });
    expect(state.closed).toBe(true);
  });

  it('passes the caller’s own reason on', async () => {
    const stop = new AbortController();
    const url = await listen(() => stop.abort(new Error('cancelled')));

    const sending = sendStream({ ...common, url, body: source(200).body, signal: stop.signal });

    await expect(sending).rejects.toThrow('cancelled');
  });
});
