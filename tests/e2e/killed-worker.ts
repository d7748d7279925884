/** A worker that is killed with SIGKILL at chosen moments of chosen activities, and started again each time. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';
import type { CpuActivities } from '../../activities/cpu.ts';
import type { IoActivities } from '../../activities/io.ts';
import { startChild, waitUntilReady } from '../../dev/child.ts';
import type { Child } from '../../dev/child.ts';
import { WORKFLOWS_PATH } from '../../workers/roles.ts';
import { servers } from '../support/provided.ts';
import { createInstallation } from './installation.ts';
import type { Installation } from './installation.ts';

/** `after`: its work was done and Temporal had not been told. `during`: its work had begun and was not done. */
type CrashPoint = `${keyof IoActivities | keyof CpuActivities}:${'during' | 'after'}`;

/** Where the worker dies, by the story that goes on regardless. Every activity that a worker registers stands here. */
export const CRASH_POINTS = {
  straight: [
    'beginTraining:after',
    'curateDataset:during',
    'curateDataset:after',
    'provisionPod:during',
    'provisionPod:after',
    'awaitPodReady:during',
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
  ],
  resumed: [
    'restoreCheckpoint:during',
    'restoreCheckpoint:after',
    'bringHome:during',
    'bringHome:after',
    'recordPaused:after',
    'recordPublishFailed:after',
  ],
  ceiling: ['warnOfBudget:after', 'endTraining:after', 'raiseCeiling:after'],
  cancelled: ['requestCancel:after'],
  reset: ['takeOver:after'],
  swept: ['sweepPods:during', 'sweepPods:after'],
  checked: ['checkDataset:during', 'checkDataset:after'],
} as const satisfies Record<string, readonly CrashPoint[]>;

export type Story = keyof typeof CRASH_POINTS;

/** Long enough for a busy machine; each kill costs one of them, since nobody tells Temporal that a worker is dead. Milliseconds. */
export const KILLED_INTERVALS = {
  heartbeatTimeoutMs: 6_000,
  shortTimeoutMs: 6_000,
  maxStepTries: 100,
  createTimeoutMs: 1_000,
};

/** Every call of a vendor takes so long that the moment `during` lies before its answer. Milliseconds. */
const VENDOR_DELAY_MS = 100;

export type KilledWorker = Awaited<ReturnType<typeof createKilledWorker>>;

/** An installation whose only worker dies at the points of the stories that are told. */
export async function createKilledWorker() {
  const folder = await mkdtemp(join(tmpdir(), 'tempera-crash-'));
  const tempera: Installation = await createInstallation({ withWorker: false });
  const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS_PATH, logger: new DefaultLogger('ERROR') });
  const [bundle, armed, done] = ['workflows.js', 'armed', 'done'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await Promise.all([writeFile(bundle, code), writeFile(armed, ''), writeFile(done, '')]);
  const linesOf = async (file: string) => (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  await tempera.world.configure({ delaysMs: { step: 2 }, loraBytes: 3_000_000 });

  let isStopped = false;
  let current: Child | null = null;
  let starts = 0;
  const supervision = (async () => {
    while (!isStopped) {
      starts += 1;
      let isReady = false;
      const child = startChild({
        name: 'crashing worker',
        command: process.execPath,
        args: ['--import', 'tsx', 'tests/e2e/crashing-worker.ts'],
        env: {
          ...process.env,
          ...tempera.processEnv,
          TEMPORAL_ADDRESS: servers().temporal.address,
          CRASH_POINTS_FILE: armed,
          CRASH_DONE_FILE: done,
          WORKFLOW_BUNDLE: bundle,
        },
        onLine: (line) => {
          if (line.includes('"event":"ready"')) isReady = true;
        },
      });
      current = child;
      await waitUntilReady(child, async () => isReady || !child.running(), { timeoutMs: 120_000 });
      await child.exited;
    }
  })();

  return {
    tempera,
    /** Lets every vendor take its time for each call; faults that were added before strike first. */
    async slowVendors(): Promise<void> {
      for (const at of ['runpod', 'proxy', 'hub'] as const)
        await tempera.world.addFault({ at, effect: 'delay', ms: VENDOR_DELAY_MS, times: 0 });
    },
    /** From now on the worker dies at this story's points, at each of them once. */
    arm: (story: Story) => writeFile(armed, CRASH_POINTS[story].join('\n')),
    /** Points of a story at which the worker has died. */
    async diedAt(story: Story): Promise<string[]> {
      const points: readonly string[] = CRASH_POINTS[story];
      return (await linesOf(done)).filter((point) => points.includes(point));
    },
    /** How often the worker died without having been told to. */
    unplannedDeaths: async () => starts - 1 - (await linesOf(done)).length,
    async stop(): Promise<void> {
      isStopped = true;
      await current?.stop();
      await supervision;
      await tempera.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
