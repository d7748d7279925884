/** Real workers that die while photos are open: killed from outside at that very moment, or by a photo that takes too much. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChild, waitUntilReady } from '../../dev/child.ts';
import type { Child } from '../../dev/child.ts';
import { drawPhoto } from '../../dev/photos.ts';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import { datasetCheckWorkflowId } from '../../workflows/contract.ts';
import { servers } from '../support/provided.ts';
import { createInstallation, until } from './installation.ts';
import type { Installation } from './installation.ts';

/** A process with the code takes about 130 MB, the heavy photo 294 more. */
const LONE_BYTES = 250e6;
/** No test is about time: this only ends what hangs. */
const PATIENCE_MS = 600_000;

let tempera: Installation;
let folder: string;
let heavy: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-condemned-'));
  tempera = await createInstallation({ withWorker: false });
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
  await writeFile(join(folder, 'workflows.js'), code);
  // It is killed from here, at no point of its own.
  await writeFile(join(folder, 'none'), '');
  const create = { width: 7_000, height: 7_000, channels: 3, background: '#468' } as const;
  heavy = await sharp({ create }).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer();
}, PATIENCE_MS);
afterAll(async () => {
  await tempera.close();
  await rm(folder, { recursive: true, force: true });
});

let drawn = 7_000;
const pictures = (count: number) => Promise.all(Array.from({ length: count }, () => drawPhoto((drawn += 1))));
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function startWorker(): Promise<Child> {
  let ready = false;
  const child = startChild({
    name: 'worker',
    command: process.execPath,
    args: ['--import', 'tsx', 'tests/e2e/crashing-worker.ts'],
    env: {
      ...process.env,
      ...tempera.processEnv,
      TEMPORAL_ADDRESS: servers().temporal.address,
      LONE_BYTES: String(LONE_BYTES),
      CRASH_POINTS_FILE: join(folder, 'none'),
      CRASH_DONE_FILE: join(folder, 'none'),
      WORKFLOW_BUNDLE: join(folder, 'workflows.js'),
    },
    onLine: (line) => {
      if (line.includes('"event":"ready"')) ready = true;
    },
  });
  await waitUntilReady(child, async () => ready, { timeoutMs: 120_000 });
  return child;
}

/** Begins a check whose worker is missed soon. */
async function beginCheck(datasetId: string): Promise<void> {
  const intervals = { heartbeatTimeoutMs: 5_000, retryIntervalMs: 50, maxStepTries: 100 };
  const answer = await tempera.http.post(`/v1/datasets/${datasetId}/check`, { intervals });
  expect(answer.status).toBe(202);
}

interface Photo {
  readonly sha256: string;
  readonly decision: string;
  readonly reason: string | null;
  readonly sentence: string;
}

async function endOfCheck(datasetId: string): Promise<Photo[]> {
  await tempera.temporal.workflow.getHandle(datasetCheckWorkflowId(datasetId)).result();
  const { report } = (await tempera.http.get(`/v1/datasets/${datasetId}/report`)).body;
  return report.photos as Photo[];
}

/** Kills the worker while a photo is open that `isIt`, and waits until it is gone. */
async function killWhileOpen(
  worker: Child,
  isIt: (sha256: string) => boolean,
  known: ReadonlySet<string>,
): Promise<void> {
  await until(async () => {
    const rows = await tempera.database.photoOpening.findMany();
    return rows.some(({ id, sha256 }) => !known.has(id) && isIt(sha256));
  });
  worker.signal('SIGKILL');
  await worker.exited;
}

const openings = async () => new Set((await tempera.database.photoOpening.findMany()).map(({ id }) => id));

test(
  'a photo that kills a worker, and then two processes of its own, is dropped everywhere; the others are kept',
  async () => {
    const good = await pictures(6);
    const style = { curation: { subjectKind: 'style' } };
    const id = await tempera.dataset([...good, heavy], style);
    const first = await startWorker();
    await beginCheck(id);
    await killWhileOpen(first, (sha256) => sha256 === hashOf(heavy), new Set());

    const second = await startWorker();
    const photos = await endOfCheck(id);
    const other = await tempera.dataset([...(await pictures(5)), heavy], style);
    await beginCheck(other);
    const photosOfOther = await endOfCheck(other);
    await second.stop();

    const dropped = {
      decision: 'drop',
      reason: 'crashed',
      sentence: expect.stringMatching(/ended 2 processes of its own since: the last one took \d+ MB of memory\.$/),
    };
    expect(photos.find(({ sha256 }) => sha256 === hashOf(heavy))).toMatchObject(dropped);
    expect(photosOfOther.find(({ sha256 }) => sha256 === hashOf(heavy))).toMatchObject(dropped);
    expect(photos.filter(({ decision }) => decision === 'keep')).toHaveLength(6);
    expect(await tempera.database.condemnedPhoto.count()).toBe(1);
    expect(await tempera.database.photoOpening.count()).toBe(0);
  },
  PATIENCE_MS,
);

test(
  'a good photo is kept however often its worker is killed while it is open',
  async () => {
    // Large enough to be open for a while.
    const large = await Promise.all((await pictures(8)).map((bytes) => sharp(bytes).resize(4_000).jpeg().toBuffer()));
    const id = await tempera.dataset(large, { curation: { subjectKind: 'style' } });
    const condemned = await tempera.database.condemnedPhoto.count();
    for (let kill = 0; kill < 3; kill++) {
      const known = await openings();
      const worker = await startWorker();
      if (kill === 0) await beginCheck(id);
      await killWhileOpen(worker, () => true, known);
    }

    const last = await startWorker();
    const photos = await endOfCheck(id);
    await last.stop();

    // Enlarged fivefold they are blurry; nothing else is said of them.
    expect(photos.filter(({ reason }) => reason !== null && reason !== 'blurry')).toEqual([]);
    expect(photos).toHaveLength(8);
    expect(await tempera.database.condemnedPhoto.count()).toBe(condemned);
    expect(await tempera.database.photoOpening.count()).toBe(0);
  },
  PATIENCE_MS,
);
