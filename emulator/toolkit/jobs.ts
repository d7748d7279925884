import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { isRecord, readJson } from '../core/http.ts';
import { answerJson, answerText } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { Job } from './job.ts';
import type { Toolkit } from './toolkit.ts';

/** GET /api/jobs: one row or null by id or job_ref, else all, newest first. */
export function listJobs(toolkit: Toolkit, { res, query }: Call): void {
  const all = [...toolkit.jobs.values()].toReversed();
  const id = query.get('id');
  const ref = query.get('job_ref');
  if (id !== null) return answerJson(res, 200, toolkit.jobs.get(id) ?? null);
  if (ref !== null) return answerJson(res, 200, all.find((job) => job.job_ref === ref) ?? null);
  const type = query.get('job_type');
  const onlyActive = query.get('only_active') === 'true';
  const jobs = all.filter(
    (job) =>
      (type === null || job.job_type === type) &&
      (!onlyActive || ['running', 'queued', 'stopping'].includes(job.status)),
  );
  answerJson(res, 200, { jobs });
}

/** POST /api/jobs: creates, or updates with an id; a taken name is 409, every other fault 500. */
export async function createOrUpdateJob(toolkit: Toolkit, call: Call): Promise<void> {
  try {
    const body = await readJson(call.body);
    if (!isRecord(body)) throw new TypeError('not an object');
    const { id, name, gpu_ids: gpuIds, job_config: config, job_type: type, job_ref: ref } = body;
    if (typeof name !== 'string' || typeof gpuIds !== 'string' || config === undefined)
      throw new TypeError('a field is missing');
    const taken = [...toolkit.jobs.values()].some((job) => job.name === name && job.id !== id);
    if (taken) return answerJson(call.res, 409, { error: 'Job name already exists' });
    const job = id === undefined ? newJob(toolkit, name) : toolkit.jobs.get(id as string);
    if (job === undefined) throw new TypeError('unknown id');
    Object.assign(job, { name, gpu_ids: gpuIds, job_config: JSON.stringify(config) });
    if (typeof type === 'string') job.job_type = type;
    if (typeof ref === 'string') job.job_ref = ref;
    touch(toolkit, job);
    toolkit.jobs.set(job.id, job);
    answerJson(call.res, 200, job);
  } catch {
    answerJson(call.res, 500, { error: 'Failed to save training data' });
  }
}

function newJob(toolkit: Toolkit, name: string): Job {
  const now = new Date(toolkit.options.clock.now()).toISOString();
  return {
    id: randomUUID(),
    name,
    gpu_ids: '0',
    job_config: '',
    created_at: now,
    updated_at: now,
    status: 'stopped',
    stop: false,
    return_to_queue: false,
    step: 0,
    total_steps: null,
    info: '',
    speed_string: '',
    queue_position: nextPosition(toolkit),
    pid: null,
    job_type: 'train',
    job_ref: null,
    save_now: false,
    sample_now: false,
  };
}

function nextPosition(toolkit: Toolkit): number {
  return Math.max(0, ...[...toolkit.jobs.values()].map((job) => job.queue_position)) + 1000;
}

/** Rows written by the UI server and the worker move `updated_at`; the trainer's raw SQL does not. */
export function touch(toolkit: Toolkit, job: Job): void {
  job.updated_at = new Date(toolkit.options.clock.now()).toISOString();
}

/** GET /api/jobs/{id}/start: queues it whatever it is doing, even when it runs (a second trainer follows). */
export function startJob(toolkit: Toolkit, { res }: Call, id: string): void {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerJson(res, 404, { error: 'Job not found' });
  answerJson(res, 200, job);
  Object.assign(job, {
    status: 'queued',
    stop: false,
    return_to_queue: false,
    info: 'Job queued',
    queue_position: nextPosition(toolkit),
  });
  touch(toolkit, job);
  toolkit.queue(job.gpu_ids, false);
  toolkit.worker.poke();
}

/** GET /api/jobs/{id}/stop: SIGINT when a pid is known and alive; a queued job only gets the flag and runs all the same. */
export function stopJob(toolkit: Toolkit, { res }: Call, id: string): void {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerJson(res, 404, { error: 'Job not found' });
  answerJson(res, 200, job);
  Object.assign(job, { stop: true, info: 'Stopping job...' });
  touch(toolkit, job);
  if (job.pid !== null && toolkit.worker.interrupt(job.pid))
    Object.assign(job, { status: 'stopped', info: 'Job stopped' });
}

/** GET /api/jobs/{id}/mark_stopped: kills nothing; unknown ids are 500 with an empty body. */
export function markStopped(toolkit: Toolkit, { res }: Call, id: string): void {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerText(res, 500, '');
  answerJson(res, 200, job);
  Object.assign(job, { stop: true, status: 'stopped', info: 'Job stopped', pid: null });
  touch(toolkit, job);
}

/** GET /api/jobs/{id}/save_now and /sample_now answer the new row. */
export function flagJob(flag: 'save_now' | 'sample_now'): (toolkit: Toolkit, call: Call, id: string) => void {
  return (toolkit, { res }, id) => {
    const job = toolkit.jobs.get(id);
    if (job === undefined) return answerText(res, 500, '');
    job[flag] = true;
    answerJson(res, 200, job);
  };
}

/** GET /api/jobs/{id}/delete: folder and row go, a running trainer stays. */
export async function deleteJob(toolkit: Toolkit, { res }: Call, id: string): Promise<void> {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerJson(res, 404, { error: 'Job not found' });
  await rm(toolkit.disk.real(toolkit.jobFolder(job.name)), { recursive: true, force: true });
  toolkit.jobs.delete(id);
  answerJson(res, 200, job);
}
