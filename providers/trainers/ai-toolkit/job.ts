/** A job of AI Toolkit, followed over the HTTP routes of its UI server. */
import { TemperaError } from '../../../core/failure.ts';
import type { Job } from '../../backends/job.ts';
import { openDownload } from '../../http.ts';
import type { TrainerTarget } from '../trainer.ts';
import { createClient } from './client.ts';
import { failureOf } from './failure.ts';
import { toGpuState } from './gpu-state.ts';
import { createOptimizerCheck } from './optimizer-check.ts';
import { createJobLog } from './job-log.ts';
import { readJobOrNull, readLog, readLoss, toFiles, toObservation, toOptimizerState, toSamples } from './wire.ts';
import type { WireJob } from './wire.ts';

export function createJob(target: TrainerTarget, jobId: string): Job {
  const read = (path: string, signal: AbortSignal) => createClient(target, signal).get(`/api/jobs/${jobId}/${path}`);
  const row = async (signal: AbortSignal): Promise<WireJob> => {
    const job = readJobOrNull(await createClient(target, signal).get(`/api/jobs?id=${encodeURIComponent(jobId)}`));
    if (job) return job;
    throw new TemperaError('POD_LOST', 'The trainer no longer knows the job: its disk was emptied', {
      ids: { jobId },
    });
  };
  return {
    observe: async (signal) => toObservation(await row(signal)),
    async loss(signal) {
      // The route's default key matches nothing; points are sorted oldest first, so we ask only for the last ones.
      const since = Math.max(0, (await row(signal)).step - 20);
      const answer = await read(`loss?key=${encodeURIComponent('loss/loss')}&since_step=${since}`, signal);
      return readLoss(answer).points.at(-1)?.value ?? null;
    },
    async log(offset, signal) {
      const { log, offset: next, reset } = readLog(await read(`log?offset=${offset}`, signal));
      return { text: log, offset: next, isNew: reset };
    },
    createLog: createJobLog,
    files: async (signal) => toFiles(await read('files', signal)),
    optimizerState: async (signal) => toOptimizerState(await read('files', signal)),
    createOptimizerCheck,
    samples: async (signal) => toSamples(await read('samples', signal)),
    open: (path, signal) => open(target, path, signal),
    gpu: async (signal) => toGpuState(await createClient(target, signal).get('/api/gpu', [500])),
    async saveNow(signal) {
      await read('save_now', signal);
    },
    async sampleNow(signal) {
      await read('sample_now', signal);
    },
    failure: failureOf,
  };
}

async function open(target: TrainerTarget, path: string, signal: AbortSignal) {
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
}
