/**
 * AI Toolkit over the HTTP routes of its UI server. They are undocumented, change state on GET, and answer a change
 * with the row as it was before: the new state is always read with another call (facts of 2026-08-21, commit 27a03a91).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TemperaError } from '../../../core/failure.ts';
import { openDownload } from '../../http.ts';
import type { Trainer, TrainerTarget } from '../trainer.ts';
import { buildJobConfig } from './job-config.ts';
import { createClient } from './client.ts';
import type { TrainerClient } from './client.ts';
import { toGpuState } from './gpu-state.ts';
import { pullCommand } from './pull-command.ts';
import { discardRestored, pulled } from './pulled-files.ts';
import { createTrainerLog } from './trainer-log.ts';
import { uploadDataset, uploadStream } from './upload.ts';
import {
  readAuth,
  readJob,
  readJobOrNull,
  readJobs,
  readLog,
  readLoss,
  readSettings,
  toFiles,
  toObservation,
  toOptimizerState,
  toSamples,
} from './wire.ts';
import type { WireJob } from './wire.ts';

/** A pod has one GPU and one job; a queue's identity is this literal text. */
const GPU_IDS = '0';
/** How long to wait for a stop before the row is marked by force. Milliseconds. */
const STOP_TIMEOUT_MS = 60_000;

/** RunPod's proxy takes requests of up to 100 MB (docs, 2026-08); the rest is room for the form around the file. */
const MAX_RESTORE_BYTES = 90_000_000;

interface AiToolkitOptions {
  readonly huggingFaceToken?: string | undefined;
  /** Default: what RunPod's proxy lets through. Bytes. */
  readonly maxRestoreBytes?: number;
}

export function createAiToolkitTrainer(options: AiToolkitOptions = {}): Trainer {
  const jobOf = async (target: TrainerTarget, jobId: string, signal: AbortSignal): Promise<WireJob> => {
    const job = readJobOrNull(await createClient(target, signal).get(`/api/jobs?id=${encodeURIComponent(jobId)}`));
    if (job) return job;
    throw new TemperaError('POD_LOST', 'The trainer no longer knows the job: its disk was emptied', {
      ids: { jobId },
    });
  };

  return {
    name: 'ai-toolkit',
    port: 8_675,
    hasHubToken: options.huggingFaceToken !== undefined,

    // The password is AI_TOOLKIT_AUTH; nothing reads the founding documents' PASSWORD. HF_TOKEN gives access to gated
    // base models.
    environment: ({ password, gatedModel }) => ({
      AI_TOOLKIT_AUTH: password,
      ...(gatedModel && options.huggingFaceToken ? { HF_TOKEN: options.huggingFaceToken } : {}),
    }),

    async probe(target, signal) {
      try {
        readAuth(await createClient(target, signal, 5_000).get('/api/auth'));
        return { ready: true, why: 'ready' };
      } catch (error) {
        if (!(error instanceof TemperaError)) throw error;
        return { ready: false, why: error.message };
      }
    },

    uploadDataset,

    async start(target, job, signal) {
      const client = createClient(target, signal);
      const byName = async () => readJobs(await client.get('/api/jobs')).jobs.find((row) => row.name === job.jobName);
      let row = await byName();
      if (!row) {
        const settings = await ownSettings(client);
        const config = buildJobConfig(job, {
          trainingFolder: settings.TRAINING_FOLDER,
          datasetsFolder: settings.DATASETS_FOLDER,
        });
        const answer = await client.post(
          '/api/jobs',
          { name: job.jobName, gpu_ids: GPU_IDS, job_config: config, job_type: 'train' },
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
    },

    observe: async (target, jobId, signal) => toObservation(await jobOf(target, jobId, signal)),

    gpu: async (target, signal) => toGpuState(await createClient(target, signal).get('/api/gpu', [500])),

    async loss(target, jobId, signal) {
      // The route's default key matches nothing; points are sorted oldest first, so we ask only for the last ones.
      const step = (await jobOf(target, jobId, signal)).step;
      const since = Math.max(0, step - 20);
      const answer = await createClient(target, signal).get(
        `/api/jobs/${jobId}/loss?key=${encodeURIComponent('loss/loss')}&since_step=${since}`,
      );
      return readLoss(answer).points.at(-1)?.value ?? null;
    },

    async log(target, jobId, offset, signal) {
      const answer = await createClient(target, signal).get(`/api/jobs/${jobId}/log?offset=${offset}`);
      const { log, offset: next, reset } = readLog(answer);
      return { text: log, offset: next, isNew: reset };
    },

    files: async (target, jobId, signal) => toFiles(await createClient(target, signal).get(`/api/jobs/${jobId}/files`)),

    optimizerState: async (target, jobId, signal) =>
      toOptimizerState(await createClient(target, signal).get(`/api/jobs/${jobId}/files`)),

    createLog: createTrainerLog,

    samples: async (target, jobId, signal) =>
      toSamples(await createClient(target, signal).get(`/api/jobs/${jobId}/samples`)),

    async open(target, path, signal) {
      // One encoded segment works on all versions. Answers are marked cacheable for a day: the query keeps caches out.
      const url = `${target.baseUrl}/api/files/${encodeURIComponent(path)}?t=${Date.now()}`;
      const response = await openDownload({
        vendor: 'The trainer',
        url,
        headers: { authorization: `Bearer ${target.password}` },
        signal,
      });
      // The proxy's own pages come with 200 too; the trainer serves no file as HTML.
      const isPage = /^text\/html\b/i.test(response.headers['content-type'] ?? '');
      if (response.statusCode === 200 && !isPage) return response;
      response.resume();
      const what = isPage ? 'an HTML page' : `HTTP ${response.statusCode}`;
      throw new TemperaError('PROVIDER_UNAVAILABLE', `The trainer did not serve a file: ${what}`);
    },

    async saveNow(target, jobId, signal) {
      await createClient(target, signal).get(`/api/jobs/${jobId}/save_now`);
    },
    async sampleNow(target, jobId, signal) {
      await createClient(target, signal).get(`/api/jobs/${jobId}/sample_now`);
    },

    async stop(target, jobId, signal) {
      const client = createClient(target, signal);
      const job = await jobOf(target, jobId, signal);
      if (job.status === 'running') {
        await client.get(`/api/jobs/${jobId}/stop`);
        const deadline = Date.now() + STOP_TIMEOUT_MS;
        while (Date.now() < deadline) {
          if ((await jobOf(target, jobId, signal)).status !== 'running') return;
          await sleep(1_000, undefined, { signal });
        }
      }
      // `stop` does not cancel a queued job, and cannot end a row whose process is gone.
      if (job.status === 'running' || job.status === 'queued') await client.get(`/api/jobs/${jobId}/mark_stopped`);
    },

    maxRestoreBytes: options.maxRestoreBytes ?? MAX_RESTORE_BYTES,
    pullCommand,
    pulled,
    discardRestored,

    async restore({ target, jobName, files, signal }) {
      // There is no upload into a job's folder: the datasets folder is pointed at it for as long as it takes.
      const client = createClient(target, signal);
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
    },
  };
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
