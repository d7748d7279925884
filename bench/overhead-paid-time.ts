import { shortTrainingId } from '../core/names.ts';
import type { Book } from '../emulator/client.ts';
import type { BenchStack } from './bench-stack.ts';
import { median, summarise, table } from './statistics.ts';
import type { Target } from './statistics.ts';
import { stepOf, trainOnce } from './train-once.ts';
import type { TimedTraining } from './train-once.ts';

/** A vendor without delays, but a training that takes time. */
const QUICK_CLOUD = {
  rateLimit: null,
  loraBytes: 1_000_000,
  delaysMs: {
    provisioning: 100,
    starting: 50,
    ports: 50,
    app: 100,
    workerTick: 50,
    modelLoad: 500,
    datasetLoad: 100,
    save: 100,
    sample: 50,
  },
};
const LIMIT_MS = 700;

export type PaidTime = Awaited<ReturnType<typeof measurePaidTime>>['figures'];

interface PaidParams {
  /** Photos that no run before has seen. */
  readonly freshDataset: () => Promise<string>;
  readonly runs: number;
  readonly steps: number;
  /** Length of one step. Milliseconds. */
  readonly stepMs: number;
}

/** Billed time of a pod in which it neither received photos nor trained nor handed out the LoRA, at default polling. */
export async function measurePaidTime(
  stack: BenchStack,
  { freshDataset, runs, steps, stepMs }: PaidParams,
  tell: (line: string) => void,
) {
  await stack.world.configure(QUICK_CLOUD);
  await stack.world.configure({ delaysMs: { step: stepMs } });
  tell(
    `\n(b) paid time of a pod outside upload, training and download: ${runs} trainings of ${steps} steps of ${stepMs} ms`,
  );
  const recipe = { steps, checkpointInterval: Math.max(1, Math.floor(steps / 2)) };
  const idle: ReturnType<typeof partsOf>[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const training = await trainOnce(stack, { datasetId: await freshDataset(), recipe });
    idle.push(partsOf(training, await stack.world.book()));
  }

  const outside = summarise(idle.map((one) => one.outsideMs));
  tell(`median ${ms(outside.median)}  p90 ${ms(outside.p90)}  min ${ms(outside.min)}  max ${ms(outside.max)}\n`);
  const names = [
    'created to ready',
    'ready to upload',
    'upload to training',
    'training ended to noticed',
    'noticed to download',
    'download to deleted',
  ] as const;
  const breakdown = names.map((name) => ({ name, ...summarise(idle.map((one) => one.parts[name])) }));
  tell(table([['paid and idle', 'median', 'max'], ...breakdown.map((row) => [row.name, ms(row.median), ms(row.max)])]));
  const billedMs = median(idle.map((one) => one.billedMs));
  tell(`billed in all: median ${ms(billedMs)}`);
  const target: Target = {
    name: 'paid time outside upload, training, download, median',
    unit: 'ms',
    measured: outside.median,
    limit: LIMIT_MS,
    kind: 'at most',
  };
  return { target, figures: { runs, steps, stepMs, outsideMs: outside, billedMs, breakdown } };
}

function partsOf(training: TimedTraining, book: Book) {
  const pods = book.pods.filter((pod) => pod.name.includes(shortTrainingId(training.id)));
  const [pod] = pods;
  const job = book.trainings.find((entry) => entry.podId === pod?.id);
  if (!pod || pods.length !== 1 || pod.deletedAtMs === null || !job || job.endedAtMs === null)
    throw new Error(`Training ${training.id} had not exactly one pod with one job`);
  const [ready, upload, watch, download] = [
    stepOf(training, 'awaitPodReady'),
    stepOf(training, 'uploadDataset'),
    stepOf(training, 'watchTraining'),
    stepOf(training, 'downloadLora'),
  ];
  const busyMs =
    upload.closedAt - upload.startedAt + (job.endedAtMs - job.startedAtMs) + (download.closedAt - download.startedAt);
  const billedMs = pod.billedSeconds * 1_000;
  return {
    billedMs,
    outsideMs: billedMs - busyMs,
    parts: {
      'created to ready': ready.closedAt - pod.createdAtMs,
      'ready to upload': upload.startedAt - ready.closedAt,
      'upload to training': job.startedAtMs - upload.closedAt,
      'training ended to noticed': watch.closedAt - job.endedAtMs,
      'noticed to download': download.startedAt - watch.closedAt,
      'download to deleted': pod.deletedAtMs - download.closedAt,
    },
  };
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
