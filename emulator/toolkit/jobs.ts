import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { isRecord, readJson } from '../core/http.ts';
import { answerJson, answerText } from './respond.ts';
import type { Job } from './job.ts';
import type { Handler, ToolkitRequest } from './request.ts';
import type { Toolkit } from './state.ts';

/** GET /api/jobs: one row or null by id or job_ref, else all, newest first; an empty id or job_ref counts as none. */
export function listJobs({ toolkit, call: { res, query } }: ToolkitRequest): void {
  const all = [...toolkit.jobs.values()].toReversed();
  const [id, ref, type] = ['id', 'job_ref', 'job_type'].map((name) => query.get(name) || undefined);
  if (id !== undefined) return answerJson(res, 200, toolkit.jobs.get(id) ?? null);
  if (ref !== undefined) {
    const referring = all.filter((job) => job.job_ref === ref);
    return answerJson(res, 200, referring.toSorted((a, b) => b.updated_at.localeCompare(a.updated_at))[0] ?? null);
  }
  const onlyActive = query.get('only_active') === 'true';
  const jobs = all.filter(
    (job) =>
      (type === undefined || job.job_type === type) &&
      (!onlyActive || ['running', 'queued', 'stopping'].includes(job.status)),
  );
  answerJson(res, 200, { jobs });
}

/** POST /api/jobs: creates, or changes the given fields of an id; a taken name is 409, every other fault 500. */
export async function createOrUpdateJob({ toolkit, call }: ToolkitRequest): Promise<void> {
  try {
    const body = await readJson(call.body);
    if (!isRecord(body)) throw new TypeError('not an object');
    const fields = fieldsOf(body);
    const { id } = body;
    const job = id ? toolkit.jobs.get(id as string) : newJob(toolkit, fields);
    if (job === undefined) throw new TypeError('unknown id');
    const isTaken = [...toolkit.jobs.values()].some(({ name, id: other }) => name === fields.name && other !== job.id);
    if (isTaken) return answerJson(call.res, 409, { error: 'Job name already exists' });
    Object.assign(job, fields);
    toolkit.touch(job);
    toolkit.jobs.set(job.id, job);
    answerJson(call.res, 200, job);
  } catch {
    answerJson(call.res, 500, { error: 'Failed to save training data' });
  }
}

/** What a request sets. Throws TypeError for a value that the column does not take. */
function fieldsOf(body: Record<string, unknown>): Partial<Job> {
  for (const key of ['name', 'gpu_ids', 'job_type'])
    if (body[key] !== undefined && typeof body[key] !== 'string') throw new TypeError(`${key} is no text`);
  const { name, gpu_ids: gpuIds, job_type: type, job_ref: ref, job_config: config } = body;
  if (ref !== undefined && ref !== null && typeof ref !== 'string') throw new TypeError('job_ref is no text');
  const given = { name, gpu_ids: gpuIds, job_type: type, job_ref: ref, job_config: JSON.stringify(config) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function newJob(toolkit: Toolkit, { name, gpu_ids: gpuIds, job_config: config }: Partial<Job>): Job {
  if (name === undefined || gpuIds === undefined || config === undefined) throw new TypeError('a field is missing');
  const now = new Date(toolkit.options.clock.now()).toISOString();
  return {
    id: randomUUID(),
    name,
    gpu_ids: gpuIds,
    job_config: config,
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

/** GET /api/jobs/{id}/start: queues it whatever it is doing, even when it runs (a second trainer follows). */
export function startJob({ toolkit, worker, call: { res }, id }: ToolkitRequest): void {
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
  toolkit.touch(job);
  toolkit.queue(job.gpu_ids, false);
  worker.poke();
}

/**
 * GET /api/jobs/{id}/stop: SIGINT when a pid is known and alive; a queued job only gets the flag and runs all the same.
 */
export async function stopJob({ toolkit, worker, call: { res }, id }: ToolkitRequest): Promise<void> {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerJson(res, 404, { error: 'Job not found' });
  const before = { ...job };
  Object.assign(job, { stop: true, info: 'Stopping job...' });
  toolkit.touch(job);
  // Two writes to the row, with a signal between them.
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (before.pid !== null && worker.interrupt(before.pid))
    Object.assign(job, { status: 'stopped', info: 'Job stopped' });
  answerJson(res, 200, before);
}

/** GET /api/jobs/{id}/mark_stopped: kills nothing; unknown ids are 500 with an empty body. */
export function markStopped({ toolkit, call: { res }, id }: ToolkitRequest): void {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerText(res, 500, '');
  answerJson(res, 200, job);
  Object.assign(job, { stop: true, status: 'stopped', info: 'Job stopped', pid: null });
  toolkit.touch(job);
}

/** GET /api/jobs/{id}/save_now and /sample_now answer the new row. */
export function flagJob(flag: 'save_now' | 'sample_now'): Handler {
  return ({ toolkit, call: { res }, id }) => {
    const job = toolkit.jobs.get(id);
    if (job === undefined) return answerText(res, 500, '');
    job[flag] = true;
    toolkit.touch(job);
    answerJson(res, 200, job);
  };
}

/** GET /api/jobs/{id}/delete: folder and row go, a running trainer stays. */
export async function deleteJob({ toolkit, call: { res }, id }: ToolkitRequest): Promise<void> {
  const job = toolkit.jobs.get(id);
  if (job === undefined) return answerJson(res, 404, { error: 'Job not found' });
  await rm(toolkit.disk.real(toolkit.jobFolder(job.name)), { recursive: true, force: true });
  toolkit.jobs.delete(id);
  answerJson(res, 200, job);
}
