/** AI Toolkit's undocumented JSON as its UI server answers it (commit 27a03a91, recorded 2026-11-21). */
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { answerReader } from '../../wire.ts';
import type { JobFile, JobObservation, JobSample } from '../../backends/job.ts';

const VENDOR = 'AI Toolkit';

const WireJob = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  gpu_ids: Type.String(),
  status: Type.String(),
  step: Type.Number(),
  info: Type.String(),
  job_config: Type.String(),
});
export type WireJob = Static<typeof WireJob>;

export const readAuth = answerReader(
  VENDOR,
  'the password check',
  Type.Object({ isAuthenticated: Type.Literal(true) }),
);
export const readSettings = answerReader(
  VENDOR,
  'its settings',
  Type.Object({
    TRAINING_FOLDER: Type.String({ minLength: 1 }),
    DATASETS_FOLDER: Type.String({ minLength: 1 }),
    MODELS_PATH: Type.Optional(Type.String()),
    HF_TOKEN: Type.Optional(Type.String()),
  }),
);
export const readCreatedDataset = answerReader(
  VENDOR,
  'a new dataset',
  Type.Object({ name: Type.String({ minLength: 1 }) }),
);
export const readUploaded = answerReader(VENDOR, 'an upload', Type.Object({ files: Type.Array(Type.String()) }));
export const readImages = answerReader(
  VENDOR,
  'the photos of a dataset',
  Type.Object({ images: Type.Array(Type.String()) }),
);
export const readJob = answerReader(VENDOR, 'a job', WireJob);
export const readJobOrNull = answerReader(VENDOR, 'a job', Type.Union([WireJob, Type.Null()]));
export const readJobs = answerReader(VENDOR, 'the list of jobs', Type.Object({ jobs: Type.Array(WireJob) }));
export const readLog = answerReader(
  VENDOR,
  'the log',
  Type.Object({ log: Type.String(), offset: Type.Number(), reset: Type.Boolean() }),
);
export const readLoss = answerReader(
  VENDOR,
  'the loss',
  Type.Object({
    points: Type.Array(Type.Object({ step: Type.Number(), value: Type.Union([Type.Number(), Type.Null()]) })),
  }),
);
const readFileList = answerReader(
  VENDOR,
  'the list of files',
  Type.Object({ files: Type.Array(Type.Object({ path: Type.String(), size: Type.Number() })) }),
);
const readSampleList = answerReader(VENDOR, 'the list of samples', Type.Object({ samples: Type.Array(Type.String()) }));

const STATES: Readonly<Record<string, JobObservation['state']>> = {
  queued: 'queued',
  running: 'running',
  stopping: 'running',
  stopped: 'stopped',
  completed: 'completed',
  error: 'failed',
};

export function toObservation(job: WireJob): JobObservation {
  return { state: STATES[job.status] ?? 'running', step: job.step, info: job.info.slice(0, 2_000) };
}

const CHECKPOINT = /_(\d{9})(_high_noise|_low_noise)?\.safetensors$/;

/**
 * Weights only; the optimizer's state is in the same list. The step is in the name, in nine digits; the final file has none.
 */
export function toFiles(answer: unknown): JobFile[] {
  return readFileList(answer)
    .files.filter((file) => file.path.endsWith('.safetensors'))
    .map((file) => {
      const step = CHECKPOINT.exec(file.path)?.[1];
      return {
        filename: file.path.slice(file.path.lastIndexOf('/') + 1),
        path: file.path,
        sizeBytes: file.size,
        step: step === undefined ? null : Number(step),
      };
    });
}

/** The optimizer's state: a single file beside the weights, overwritten at each save. */
export const OPTIMIZER_FILE = 'optimizer.pt';

export function toOptimizerState(answer: unknown): { readonly path: string; readonly sizeBytes: number } | null {
  const file = readFileList(answer).files.find(({ path }) => path.endsWith(`/${OPTIMIZER_FILE}`));
  return file ? { path: file.path, sizeBytes: file.size } : null;
}

/** `<epoch ms>__<9-digit step>_<index>.jpg` */
const SAMPLE = /__(\d{9})_(\d+)\.(jpg|jpeg|png|webp)$/;

export function toSamples(answer: unknown): JobSample[] {
  return readSampleList(answer).samples.flatMap((path) => {
    const match = SAMPLE.exec(path);
    return match ? [{ path, step: Number(match[1]), promptIndex: Number(match[2]) }] : [];
  });
}
