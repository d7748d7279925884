/** The worker is killed with SIGKILL during every activity in turn, and started again each time. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChild, waitUntilReady } from '../../dev/child.ts';
import type { Child } from '../../dev/child.ts';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import { servers } from '../support/provided.ts';
import { createInstallation, podsOf } from './installation.ts';
import type { Installation } from './installation.ts';

/** Every activity of the story, once its work was done and Temporal not yet told; the long ones also in their middle. */
const CRASH_POINTS = [
  'beginTraining:after',
  'curateDataset:during',
  'curateDataset:after',
  'provisionPod:during',
  'provisionPod:after',
  'awaitPodReady:after',
  'uploadDataset:during',
  'uploadDataset:after',
  'startTraining:during',
  'startTraining:after',
  'watchTraining:during',
  'watchTraining:after',
  'downloadLora:during',
  'downloadLora:after',
  'tearDownPod:during',
  'tearDownPod:after',
  'recordAttempt:after',
  'publishLora:during',
  'publishLora:after',
  'settleTraining:after',
];

let tempera: Installation;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-crash-'));
  tempera = await createInstallation({ withWorker: false });
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
  await writeFile(join(folder, 'workflows.js'), code);
});
afterAll(async () => {
  await tempera.close();
  await rm(folder, { recursive: true, force: true });
});

/** Keeps a worker running until told to stop: whenever it dies, the next one starts. */
function supervise() {
  let stopped = false;
  let current: Child | null = null;
  let starts = 0;
  const loop = (async () => {
    while (!stopped) {
      starts += 1;
      let ready = false;
      current = startChild({
        name: 'crashing worker',
        command: process.execPath,
        args: ['--import', 'tsx', 'tests/e2e/crashing-worker.ts'],
        env: {
          ...process.env,
          ...tempera.processEnv,
          TEMPORAL_ADDRESS: servers().temporal.address,
          CRASH_POINTS: CRASH_POINTS.join(','),
          CRASH_DONE_FILE: join(folder, 'done'),
          WORKFLOW_BUNDLE: join(folder, 'workflows.js'),
        },
        onLine: (line) => {
          if (line.includes('"event":"ready"')) ready = true;
        },
      });
      const child = current;
      await waitUntilReady(child, async () => ready || !child.running(), { timeoutMs: 60_000 });
      await child.exited;
    }
  })();
  return {
    starts: () => starts,
    async stop() {
      stopped = true;
      await current?.stop();
      await loop;
    },
  };
}

test('the training completes, with one LoRA and never two pods', async () => {
  await tempera.world.admin.configure({ delaysMs: { step: 2 }, loraBytes: 3_000_000 });
  const worker = supervise();

  const id = await tempera.start({
    // No face model: loading it anew after each kill takes longer than a silent worker is waited for on a busy machine.
    datasetId: await tempera.dataset(6, { curation: { subjectKind: 'style' } }),
    destinations: [{ kind: 'huggingface', repo: 'tempera-demo/mia' }],
    intervals: { heartbeatTimeoutMs: 6_000, shortTimeoutMs: 6_000, maxStepTries: 100, createTimeoutMs: 1_000 },
  });
  const result = await tempera.handle(id).result();
  await worker.stop();
  const done = (await readFile(join(folder, 'done'), 'utf8')).trim().split('\n');
  const training = await tempera.training(id);
  const book = await tempera.book();
  const pods = await podsOf(tempera, id);

  expect(done.toSorted()).toEqual(CRASH_POINTS.toSorted());
  expect(worker.starts()).toBe(CRASH_POINTS.length + 1);
  expect(result).toMatchObject({ status: 'ready', publications: [{ status: 'published' }] });
  expect(training).toMatchObject({ status: 'ready', attempt: 1 });
  expect(training.artifact.files).toHaveLength(1);
  expect(
    (await tempera.store.list(`trainings/${id}/artifacts/`)).filter((key) => key.endsWith('.safetensors')),
  ).toHaveLength(1);
  expect(pods).toHaveLength(1);
  expect(pods[0]).toMatchObject({ trainingsStarted: 1 });
  expect(book.aliveNow).toEqual([]);
  expect(Object.values(book.maxAliveByNamePrefix)).toEqual([1]);
  expect(book.hubCommits.filter((commit: { repo: string }) => commit.repo.endsWith('/mia')).length).toBeLessThanOrEqual(
    2,
  );
  expect((await tempera.events(id)).filter((topic) => topic === 'training.ready')).toHaveLength(1);
}, 1_200_000);
