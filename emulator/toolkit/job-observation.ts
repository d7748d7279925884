import { open, readdir, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { answerJson, answerText } from './respond.ts';
import type { Job } from './job.ts';
import type { ToolkitRequest } from './request.ts';

const MAX_LOG_BYTES = 5 * 1024 * 1024;
const sampleExtensions = new Set(['.png', '.jpg', '.jpeg', '.webp', '.mp4', '.mp3', '.wav', '.flac', '.ogg']);

function known({ toolkit, call, id }: ToolkitRequest): Job | undefined {
  const job = toolkit.jobs.get(id);
  if (job === undefined) answerJson(call.res, 404, { error: 'Job not found' });
  return job;
}

/**
 * GET /api/jobs/{id}/log: offsets are bytes; one beyond the end means that the file was rotated; a negative one pads
 * the end with NULs.
 */
export async function jobLog(request: ToolkitRequest): Promise<void> {
  const { toolkit, call } = request;
  const job = known(request);
  if (job === undefined) return;
  const path = toolkit.disk.real(`${toolkit.jobFolder(job.name)}/log.txt`);
  const size = await stat(path).then(
    (info) => info.size,
    () => undefined,
  );
  if (size === undefined) return answerJson(call.res, 200, { log: '', offset: 0, reset: true });
  const offset = Number.parseInt(call.query.get('offset') ?? '', 10);
  const reset = Number.isNaN(offset) || offset > size;
  const start = reset ? Math.max(0, size - MAX_LOG_BYTES) : offset;
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(size - start);
    await file.read(bytes, 0, bytes.length, Math.max(0, start));
    const text = bytes.toString('utf8');
    const isCut = reset && start > 0 && text.includes('\n');
    answerJson(call.res, 200, { log: isCut ? text.slice(text.indexOf('\n') + 1) : text, offset: size, reset });
  } finally {
    await file.close();
  }
}

/** GET /api/jobs/{id}/loss: the default key `loss` matches nothing. */
export async function jobLoss(request: ToolkitRequest): Promise<void> {
  const { toolkit, call } = request;
  const job = known(request);
  if (job === undefined) return;
  const { query } = call;
  const folder = toolkit.jobFolder(job.name);
  const keys = toolkit.losses.keys(folder);
  if (keys.length === 0) return answerJson(call.res, 200, { keys: [], key: 'loss', points: [] });
  const key = query.get('key') ?? 'loss';
  const limit = Math.min(20_000, Number(query.get('limit') ?? 2000));
  const stride = Math.max(1, Number(query.get('stride') ?? 1));
  const since = query.get('since_step');
  // SQLite takes no NaN.
  if ([limit, stride, Number(since ?? 0)].some(Number.isNaN)) return answerText(call.res, 500, '');
  const points = toolkit.losses
    .points(folder, key)
    .filter(({ step }) => (since === null || step > Number(since)) && step % stride === 0)
    .slice(0, limit);
  answerJson(call.res, 200, { key, keys, points });
}

/** GET /api/jobs/{id}/files: final first (sorted by path), optimizer.pt last; half-written files are listed too. */
export async function jobFiles(request: ToolkitRequest): Promise<void> {
  const { toolkit, call } = request;
  const job = known(request);
  if (job === undefined) return;
  const folder = toolkit.jobFolder(job.name);
  const names = await readdir(toolkit.disk.real(folder)).catch(() => []);
  const wanted = [
    ...names.filter((name) => name.endsWith('.safetensors')).toSorted(),
    ...names.filter((name) => name === 'optimizer.pt'),
  ];
  const files: { path: string; size: number }[] = [];
  for (const name of wanted) {
    const size = await stat(toolkit.disk.real(`${folder}/${name}`)).then(
      (info) => info.size,
      () => undefined,
    );
    if (size !== undefined) files.push({ path: `${folder}/${name}`, size });
  }
  answerJson(call.res, 200, { files });
}

/** GET /api/jobs/{id}/samples. */
export async function jobSamples(request: ToolkitRequest): Promise<void> {
  const { toolkit, call } = request;
  const job = known(request);
  if (job === undefined) return;
  const folder = `${toolkit.jobFolder(job.name)}/samples`;
  const names = await readdir(toolkit.disk.real(folder)).catch(() => []);
  const samples = names
    .filter((name) => !name.startsWith('.') && sampleExtensions.has(extname(name).toLowerCase()))
    .toSorted();
  answerJson(call.res, 200, { samples: samples.map((name) => `${folder}/${name}`) });
}

/** GET /api/jobs/{id}/plugin. */
export function jobPlugin(request: ToolkitRequest): void {
  if (known(request) !== undefined) answerJson(request.call.res, 200, { exists: false, html: null });
}
