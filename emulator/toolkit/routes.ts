import { bearerToken } from '../core/http.ts';
import { createRouter } from '../core/router.ts';
import { answerJson, answerNotFoundPage, answerNothing, answerText } from './respond.ts';
import { getBatchCaptions, getCaption, setCaption } from './captions.ts';
import { createDataset, deleteDataset, listDatasets, listImages, uploadToDataset } from './datasets.ts';
import { deleteFile, deleteImage, uploadImages } from './files.ts';
import { createOrUpdateJob, deleteJob, flagJob, listJobs, markStopped, startJob, stopJob } from './jobs.ts';
import { jobFiles, jobLog, jobLoss, jobPlugin, jobSamples } from './job-observation.ts';
import { cpu, gpu, monitor } from './machine.ts';
import { listQueues, startQueue, stopQueue } from './queue.ts';
import { serveFile } from './serve-file.ts';
import { getSettings, postSettings } from './settings.ts';
import type { Call } from '../core/http.ts';
import type { Route } from '../core/router.ts';
import type { Handler } from './request.ts';
import type { Toolkit } from './state.ts';
import type { Worker } from './worker.ts';

/** The web app has routes for files too; the front server answers before them, but they decide which methods exist. */
function notServedHere(): never {
  throw new Error('the front server hands out files');
}

const route = (path: string, methods: Record<string, Handler>): Route<Handler> => ({ name: path, path, methods });

// All routes: ostris/ai-toolkit@27a03a91 ui/src/app/api/**/route.ts, ui/src/middleware.ts and ui/cron/fileServer.ts
// (2026-08-21, version 0.12.26), answers recorded on 2026-11-21 and compared once more on 2026-11-26.
const find = createRouter<Handler>([
  route('/api/auth', { GET: ({ call }) => answerJson(call.res, 200, { isAuthenticated: true }) }),
  route('/api/settings', { GET: getSettings, POST: postSettings }),
  route('/api/gpu', { GET: gpu }),
  route('/api/cpu', { GET: cpu }),
  route('/api/monitor', { GET: monitor }),
  route('/api/datasets/list', { GET: listDatasets }),
  route('/api/datasets/create', { POST: createDataset }),
  route('/api/datasets/upload', { POST: uploadToDataset }),
  route('/api/datasets/listImages', { POST: listImages }),
  route('/api/datasets/delete', { POST: deleteDataset }),
  route('/api/img/upload', { POST: uploadImages }),
  route('/api/img/caption', { POST: setCaption }),
  route('/api/img/delete', { POST: deleteImage }),
  route('/api/img/.*', { GET: notServedHere }),
  route('/api/caption/get', { POST: getCaption }),
  route('/api/caption/getBatch', { POST: getBatchCaptions }),
  route('/api/jobs', { GET: listJobs, POST: createOrUpdateJob }),
  route('/api/jobs/{id}/start', { GET: startJob }),
  route('/api/jobs/{id}/stop', { GET: stopJob }),
  route('/api/jobs/{id}/mark_stopped', { GET: markStopped }),
  route('/api/jobs/{id}/save_now', { GET: flagJob('save_now') }),
  route('/api/jobs/{id}/sample_now', { GET: flagJob('sample_now') }),
  route('/api/jobs/{id}/delete', { GET: deleteJob }),
  route('/api/jobs/{id}/log', { GET: jobLog }),
  route('/api/jobs/{id}/loss', { GET: jobLoss }),
  route('/api/jobs/{id}/files', { GET: jobFiles }),
  route('/api/jobs/{id}/samples', { GET: jobSamples }),
  route('/api/jobs/{id}/plugin', { GET: jobPlugin }),
  route('/api/queue', { GET: listQueues }),
  route('/api/queue/{id}/start', { GET: startQueue }),
  route('/api/queue/{id}/stop', { GET: stopQueue }),
  route('/api/files/delete', { POST: deleteFile }),
  route('/api/files/.*', { GET: notServedHere }),
  route('/api/ostris_cloud', { GET: ({ call }) => answerJson(call.res, 200, { enabled: false }) }),
]);

/** Pages of the web app (ui/src/app); their own contents are not emulated. */
const pages = /^\/(?:dashboard|datasets|datasets\/[^/]+|jobs|jobs\/new|jobs\/[^/]+|settings)$/;

/**
 * The front server (ui/cron/fileServer.ts) hands out files by itself and passes the rest on to the web app, which is up
 * later: until then GET and HEAD wait, up to 120 times 250 ms, and everything else is refused.
 */
export async function handleToolkit(toolkit: Toolkit, worker: Worker, call: Call): Promise<void> {
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  const prefix = isRead ? publicPrefixes.find((one) => call.path.startsWith(one)) : undefined;
  if (prefix !== undefined) return serveFile(toolkit, call, prefix);
  if (!(isRead ? await toolkit.untilUp(MAX_HOLD_MS) : toolkit.isUp)) {
    call.body.resume();
    return answerText(call.res, 502, 'UI server unavailable');
  }
  try {
    await handleWebApp(toolkit, worker, call);
  } catch (error) {
    // What a real route does not catch becomes a 500 with an empty body.
    if (call.res.headersSent) throw error;
    call.body.resume();
    answerText(call.res, 500, '');
  }
}

const MAX_HOLD_MS = 120 * 250;

/** The web app: clean paths first, then the middleware, then the route. */
async function handleWebApp(toolkit: Toolkit, worker: Worker, call: Call): Promise<void> {
  const clean = call.path.replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
  if (clean !== call.path) {
    call.body.resume();
    const query = call.query.size === 0 ? '' : `?${call.query.toString()}`;
    const location = `${clean}${query}`;
    return answerText(call.res, 308, location, { location, refresh: `0;url=${location}` });
  }
  if (call.path.startsWith('/api/') && !isPublic(call.path) && !isAuthorized(toolkit, call)) {
    call.body.resume();
    return answerJson(call.res, 401, { error: 'Unauthorized' });
  }
  // As in the web app's framework, HEAD runs the route of GET and loses the body.
  const found = find(call.method === 'HEAD' ? 'GET' : call.method, call.path);
  if (found.status === 'found') {
    await found.handler({ toolkit, worker, call, id: found.args[0] ?? '' });
    return;
  }
  call.body.resume();
  if (found.status === 'wrong method') {
    if (call.method === 'OPTIONS') answerNothing(call.res, 204, { allow: allowed(found.allowed) });
    else answerText(call.res, 405, '');
  } else if (call.path === '/') answerText(call.res, 307, '/dashboard', { location: '/dashboard' });
  else if (pages.test(call.path))
    answerText(
      call.res,
      200,
      '<!DOCTYPE html><html><head><title>Ostris - AI Toolkit</title></head><body>Emulated AI Toolkit: no weights are trained here.</body></html>',
      { 'content-type': 'text/html; charset=utf-8' },
    );
  else answerNotFoundPage(call.res);
}

function allowed(methods: readonly string[]): string {
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].toSorted().join(', ');
}

/** Exempt from the password, for every method: so it is in that version; not a shortcut of ours. */
const publicPrefixes = ['/api/img/', '/api/files/'] as const;

function isPublic(path: string): boolean {
  return publicPrefixes.some((prefix) => path.startsWith(prefix));
}

/** Any scheme passes; the second word counts. No password set = open. */
function isAuthorized(toolkit: Toolkit, call: Call): boolean {
  const password = toolkit.options.env['AI_TOOLKIT_AUTH'];
  return !password || bearerToken(call.headers) === password;
}
