/** AI Toolkit's UI server on one machine: what happens before a job trains. */
import { TemperaError } from '../../../core/failure.ts';
import type { JobOrder, TrainerSession, TrainerTarget } from '../trainer.ts';
import { createClient } from './client.ts';
import type { TrainerClient } from './client.ts';
import { buildJobConfig } from './job-config.ts';
import { createJob } from './job.ts';
import { discardRestored, pulled } from './pulled-files.ts';
import { uploadDataset, uploadStream } from './upload.ts';
import { readAuth, readJob, readJobs, readSettings } from './wire.ts';

/** A pod has one GPU and one job; a queue's identity is this literal text. */
const GPU_IDS = '0';
const PROBE_TIMEOUT_MS = 5_000;

export function createSession(target: TrainerTarget): TrainerSession {
  return {
    async probe(signal) {
      try {
        readAuth(await createClient(target, signal, PROBE_TIMEOUT_MS).get('/api/auth'));
        return { ready: true, why: 'ready' };
      } catch (error) {
        if (!(error instanceof TemperaError)) throw error;
        return { ready: false, why: error.message };
      }
    },
    uploadDataset: ({ signal, ...dataset }) => uploadDataset(createClient(target, signal), dataset),
    restore: ({ signal, ...files }) => restore(createClient(target, signal), files),
    pulled: (files) => pulled(target, files),
    discardRestored: ({ signal, ...files }) => discardRestored(createClient(target, signal), files),
    start: (order, signal) => start(createClient(target, signal), order),
    job: (jobId) => createJob(target, jobId),
  };
}

async function start(client: TrainerClient, order: JobOrder): Promise<string> {
  const byName = async () => readJobs(await client.get('/api/jobs')).jobs.find((row) => row.name === order.jobName);
  let row = await byName();
  if (!row) {
    const settings = await ownSettings(client);
    const config = buildJobConfig(order, {
      trainingFolder: settings.TRAINING_FOLDER,
      datasetsFolder: settings.DATASETS_FOLDER,
    });
    const answer = await client.post(
      '/api/jobs',
      { name: order.jobName, gpu_ids: GPU_IDS, job_config: config, job_type: 'train' },
      [409],
    );
    row = answer === null ? await byName() : readJob(answer);
    if (!row)
      throw new TemperaError('PROVIDER_UNAVAILABLE', 'The trainer says that the job exists but does not list it');
  }
  // Starting a running job would put a second trainer on the same folder: AI Toolkit has no guard against it.
  if (row.status === 'stopped') await client.get(`/api/jobs/${row.id}/start`);
  // Needed every time: a queue switches itself off when it finds nothing queued.
  if (row.status === 'stopped' || row.status === 'queued') await client.get(`/api/queue/${GPU_IDS}/start`);
  return row.id;
}

async function restore(
  client: TrainerClient,
  { jobName, files }: Omit<Parameters<TrainerSession['restore']>[0], 'signal'>,
): Promise<void> {
  // There is no upload into a job's folder: the datasets folder is pointed at it for as long as it takes.
  const settings = await ownSettings(client);
  await putDatasetsFolder(client, settings, settings.TRAINING_FOLDER);
  try {
    // `create` fails when the folder itself is missing; `list` makes it.
    await client.get('/api/datasets/list');
    await client.post('/api/datasets/create', { name: jobName });
    // The weights last: the trainer resumes from the newest file.
    for (const file of files) await uploadStream(client, jobName, file);
  } finally {
    await putDatasetsFolder(client, settings, settings.DATASETS_FOLDER);
  }
}

type Settings = ReturnType<typeof readSettings>;

/**
 * The trainer's settings. An interrupted restore leaves the datasets folder pointed at the jobs' folder: that is
 * undone first.
 */
async function ownSettings(client: TrainerClient): Promise<Settings> {
  const settings = readSettings(await client.get('/api/settings'));
  if (settings.DATASETS_FOLDER !== settings.TRAINING_FOLDER) return settings;
  // Empty means the default.
  await putDatasetsFolder(client, settings, '');
  return readSettings(await client.get('/api/settings'));
}

async function putDatasetsFolder(client: TrainerClient, settings: Settings, datasetsFolder: string): Promise<void> {
  await client.post('/api/settings', {
    // All four must be sent, or the ones that came are stored and the answer is 500.
    HF_TOKEN: settings.HF_TOKEN ?? '',
    TRAINING_FOLDER: settings.TRAINING_FOLDER,
    DATASETS_FOLDER: datasetsFolder,
    MODELS_PATH: settings.MODELS_PATH ?? '',
  });
}
