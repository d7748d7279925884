/** A real API process that is sent hostile pictures and zips in every way, and its memory. */
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atOnce } from '../../core/at-once.ts';
import { processEnvironment } from '../../dev/environment.ts';
import { freePort } from '../../dev/ports.ts';
import { startApiProcess } from '../../dev/processes.ts';
import { drawView } from '../../dev/draw-view.ts';
import type { HostileContainer } from '../../dev/hostile-containers/container.ts';
import { hostileContainers } from '../../dev/hostile-containers/index.ts';
import type { HostileContainers } from '../../dev/hostile-containers/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { servers } from '../support/provided.ts';
import { zip } from './api-files.ts';
import { multipartBody } from './api-harness.ts';

/** As many uploads as one key may have. */
const AT_ONCE = 6;
/** Idle it has about 150 MB; up to 60 MB of files are inspected at once. */
const API_BYTES = 500e6;
/** No test is about time: this only ends what hangs. */
const PATIENCE_MS = 600_000;
const onLinux = process.platform === 'linux';

describe('hostile pictures', { timeout: PATIENCE_MS }, () => {
  let database: TestDatabase;
  let home: string;
  let files: HostileContainers;
  let api: Awaited<ReturnType<typeof startApiProcess>>;
  let headers: Record<string, string>;
  /** Any line of its log says which process it is. */
  let line: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    home = await mkdtemp(join(tmpdir(), 'tempera-hostile-'));
    files = await hostileContainers(await (await drawView(12, { width: 900, height: 700 })).png().toBuffer());
    const env = processEnvironment({
      home,
      databaseUrl: database.url,
      temporal: servers().temporal,
      worldUrl: null,
      api: { host: '127.0.0.1', port: await freePort() },
    });
    api = await startApiProcess({ env, args: ['--allow-private-image-urls'], onLine: (said) => (line = said) });
    headers = { authorization: `Bearer ${(await readFile(join(home, 'api-key'), 'utf8')).trim()}` };
  }, PATIENCE_MS);
  afterAll(async () => {
    await api.stop();
    await database.drop();
    await rm(home, { recursive: true, force: true });
  });

  const upload = async (...parts: { filename: string; bytes: Uint8Array }[]) => {
    const { body, contentType } = multipartBody(parts);
    const url = `${api.url}/v1/images`;
    const answer = await fetch(url, { method: 'POST', headers: { ...headers, 'content-type': contentType }, body });
    return { status: answer.status, body: (await answer.json()) as Answer };
  };

  test('sent one by one: refused with a reason, or taken without what is too much', async () => {
    const answers = await atOnce(AT_ONCE, files.hostile, ({ name, bytes }) => upload({ filename: name, bytes }));

    const wrong = files.hostile.filter((file, i) => !isRight(file, answers[i]!));
    expect(
      wrong.map(
        ({ name }) => `${name}: ${JSON.stringify(answers[files.hostile.findIndex((one) => one.name === name)])}`,
      ),
    ).toEqual([]);
    expect(await readdir(join(home, 'uploads'))).toEqual([]);
    if (onLinux) expect(await peakBytes()).toBeLessThan(API_BYTES);
  });

  test('sent in a zip', async () => {
    const pngs = files.hostile.filter(({ name, bytes }) => name.endsWith('.png') && bytes.length < 5e6);
    const answer = await upload({ filename: 'set.zip', bytes: zip(pngs) });

    expect(answer.status).toBe(201);
    expect(answer.body.images).toHaveLength(pngs.filter(({ reason }) => reason === null).length);
    expect(await readdir(join(home, 'uploads'))).toEqual([]);
    if (onLinux) expect(await peakBytes()).toBeLessThan(API_BYTES);
  });

  test('behind URLs', async () => {
    const host = createServer((request, response) => {
      const found = files.hostile.find(({ name }) => request.url === `/${name}`)!;
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': found.bytes.length }).end(found.bytes);
    }).listen(0, '127.0.0.1');
    await once(host, 'listening');
    const at = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    const refused = files.hostile.filter(({ reason }) => reason === 'unsafe');
    const answer = await fetch(`${api.url}/lora/training/start`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({
        characterId: 'mia',
        baseModel: 'flux',
        triggerWord: 'ohwx',
        imageUrls: files.hostile.map(({ name }) => `${at}/${name}`),
      }),
    });
    const body = (await answer.json()) as Answer;
    host.close();

    expect({ status: answer.status, code: body.code }).toEqual({ status: 422, code: 'IMAGE_URLS' });
    expect(body.details!.filter((detail) => detail.includes('The file was not opened: '))).toHaveLength(refused.length);
    expect(await readdir(join(home, 'uploads'))).toEqual([]);
    if (onLinux) expect(await peakBytes()).toBeLessThan(API_BYTES);
  });

  /** Highest memory of the API's process so far. */
  async function peakBytes(): Promise<number> {
    const { pid } = JSON.parse(line) as { pid: number };
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!;
    return Number(kilobytes) * 1_024;
  }
});

function isRight({ name, reason }: HostileContainer, { status, body }: { status: number; body: Answer }): boolean {
  if (reason === null) return status === 201;
  // Damage behind the header shows when the pixels are decoded.
  if (reason === 'unreadable') return status === 201 || status === 422;
  const [detail, ...more] = body.details ?? [];
  const isSentence = detail !== undefined && detail.startsWith(`${name}: ${reason}. `) && detail.endsWith('.');
  return status === 422 && body.code === 'NO_PHOTOS' && isSentence && more.length === 0;
}

interface Answer {
  readonly code?: string;
  readonly details?: readonly string[];
  readonly images?: readonly unknown[];
}
