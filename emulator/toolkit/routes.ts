import { bearerToken } from '../core/http.ts';
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
import type { Toolkit } from './toolkit.ts';

export type Handler = (toolkit: Toolkit, call: Call, param: string) => Promise<void> | void;

interface Route {
  pattern: RegExp;
  methods: Record<string, Handler>;
}

/** The web app has routes for files too; the front server answers before them, but they decide which methods exist. */
function notServedHere(): never {
  throw new Error('the front server hands out files');
}

// All routes: ostris/ai-toolkit@27a03a91 ui/src/app/api/**/route.ts, ui/src/middleware.ts and ui/cron/fileServer.ts
// (2026-08-21, version 0.12.26), answers recorded on 2026-11-21 and compared once more on 2026-11-26.
const routes: Route[] = [
  { pattern: /^\/api\/auth$/, methods: { GET: (_, { res }) => answerJson(res, 200, { isAuthenticated: true }) } },
  { pattern: /^\/api\/settings$/, methods: { GET: getSettings, POST: postSettings } },
  { pattern: /^\/api\/gpu$/, methods: { GET: gpu } },
  { pattern: /^\/api\/cpu$/, methods: { GET: cpu } },
  { pattern: /^\/api\/monitor$/, methods: { GET: monitor } },
  { pattern: /^\/api\/datasets\/list$/, methods: { GET: listDatasets } },
  { pattern: /^\/api\/datasets\/create$/, methods: { POST: createDataset } },
  { pattern: /^\/api\/datasets\/upload$/, methods: { POST: uploadToDataset } },
  { pattern: /^\/api\/datasets\/listImages$/, methods: { POST: listImages } },
  { pattern: /^\/api\/datasets\/delete$/, methods: { POST: deleteDataset } },
  { pattern: /^\/api\/img\/upload$/, methods: { POST: uploadImages } },
  { pattern: /^\/api\/img\/caption$/, methods: { POST: setCaption } },
  { pattern: /^\/api\/img\/delete$/, methods: { POST: deleteImage } },
  { pattern: /^\/api\/img\/.*$/, methods: { GET: notServedHere } },
  { pattern: /^\/api\/caption\/get$/, methods: { POST: getCaption } },
  { pattern: /^\/api\/caption\/getBatch$/, methods: { POST: getBatchCaptions } },
  { pattern: /^\/api\/jobs$/, methods: { GET: listJobs, POST: createOrUpdateJob } },
  { pattern: /^\/api\/jobs\/([^/]+)\/start$/, methods: { GET: startJob } },
  { pattern: /^\/api\/jobs\/([^/]+)\/stop$/, methods: { GET: stopJob } },
  { pattern: /^\/api\/jobs\/([^/]+)\/mark_stopped$/, methods: { GET: markStopped } },
  { pattern: /^\/api\/jobs\/([^/]+)\/save_now$/, methods: { GET: flagJob('save_now') } },
  { pattern: /^\/api\/jobs\/([^/]+)\/sample_now$/, methods: { GET: flagJob('sample_now') } },
  { pattern: /^\/api\/jobs\/([^/]+)\/delete$/, methods: { GET: deleteJob } },
  { pattern: /^\/api\/jobs\/([^/]+)\/log$/, methods: { GET: jobLog } },
  { pattern: /^\/api\/jobs\/([^/]+)\/loss$/, methods: { GET: jobLoss } },
  { pattern: /^\/api\/jobs\/([^/]+)\/files$/, methods: { GET: jobFiles } },
  { pattern: /^\/api\/jobs\/([^/]+)\/samples$/, methods: { GET: jobSamples } },
  { pattern: /^\/api\/jobs\/([^/]+)\/plugin$/, methods: { GET: jobPlugin } },
  { pattern: /^\/api\/queue$/, methods: { GET: listQueues } },
  { pattern: /^\/api\/queue\/([^/]+)\/start$/, methods: { GET: startQueue } },
  { pattern: /^\/api\/queue\/([^/]+)\/stop$/, methods: { GET: stopQueue } },
  { pattern: /^\/api\/files\/delete$/, methods: { POST: deleteFile } },
  { pattern: /^\/api\/files\/.*$/, methods: { GET: notServedHere } },
  { pattern: /^\/api\/ostris_cloud$/, methods: { GET: (_, { res }) => answerJson(res, 200, { enabled: false }) } },
];

/** Pages of the web app (ui/src/app); their own contents are not emulated. */
const pages = /^\/(?:dashboard|datasets|datasets\/[^/]+|jobs|jobs\/new|jobs\/[^/]+|settings)$/;

/**
 * The front server (ui/cron/fileServer.ts) hands out files by itself and passes the rest on to the web app, which is up later: until
 * then GET and HEAD wait, up to 120 times 250 ms, and everything else is refused.
 */
export async function handleToolkit(toolkit: Toolkit, call: Call): Promise<void> {
  const isRead = call.method === 'GET' || call.method === 'HEAD';
  const prefix = isRead ? publicPrefixes.find((one) => call.path.startsWith(one)) : undefined;
  if (prefix !== undefined) return serveFile(toolkit, call, prefix);
  if (!(isRead ? await toolkit.untilUp(MAX_HOLD_MS) : toolkit.isUp)) {
    call.body.resume();
    return answerText(call.res, 502, 'UI server unavailable');
  }
  try {
    await handleWebApp(toolkit, call);
  } catch (error) {
    // What a route of the real one does not catch is a 500 without a word.
    if (call.res.headersSent) throw error;
    call.body.resume();
    answerText(call.res, 500, '');
  }
}

const MAX_HOLD_MS = 120 * 250;

/** The web app: clean paths first, then the middleware, then the route. */
async function handleWebApp(toolkit: Toolkit, call: Call): Promise<void> {
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
  const route = routes.find(({ pattern }) => pattern.test(call.path));
  // As in the web app's framework, HEAD runs the route of GET and loses the body.
  const handler = route?.methods[call.method === 'HEAD' ? 'GET' : call.method];
  if (handler !== undefined) {
    await handler(toolkit, call, route?.pattern.exec(call.path)?.[1] ?? '');
    return;
  }
  call.body.resume();
  if (route !== undefined && call.method === 'OPTIONS') answerNothing(call.res, 204, { allow: allowed(route) });
  else if (route !== undefined) answerText(call.res, 405, '');
  else if (call.path === '/') answerText(call.res, 307, '/dashboard', { location: '/dashboard' });
  else if (pages.test(call.path))
    answerText(
      call.res,
      200,
      '<!DOCTYPE html><html><head><title>Ostris - AI Toolkit</title></head><body>Emulated AI Toolkit: no weights are trained here.</body></html>',
      { 'content-type': 'text/html; charset=utf-8' },
    );
  else answerNotFoundPage(call.res);
}

function allowed({ methods }: Route): string {
  const names = Object.keys(methods);
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].toSorted().join(', ');
}

/** Exempt from the password, for every method: a fact of that version, not a shortcut of ours. */
const publicPrefixes = ['/api/img/', '/api/files/'] as const;

function isPublic(path: string): boolean {
  return publicPrefixes.some((prefix) => path.startsWith(prefix));
}

/** Any scheme passes; the second word counts. No password set = open. */
function isAuthorized(toolkit: Toolkit, call: Call): boolean {
  const password = toolkit.options.env['AI_TOOLKIT_AUTH'];
  return !password || bearerToken(call.headers) === password;
}
