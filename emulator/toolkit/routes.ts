import { bearerToken } from '../core/http.ts';
import { answerJson, answerNotFoundPage, answerText } from './respond.ts';
import { getBatchCaptions, getCaption, setCaption } from './captions.ts';
import { createDataset, deleteDataset, listDatasets, listImages, uploadToDataset } from './datasets.ts';
import { deleteFile, deleteImage, sendImage, sendToolkitFile, uploadImages } from './files.ts';
import { createOrUpdateJob, deleteJob, flagJob, listJobs, markStopped, startJob, stopJob } from './jobs.ts';
import { jobFiles, jobLog, jobLoss, jobPlugin, jobSamples } from './job-observation.ts';
import { cpu, gpu, monitor } from './machine.ts';
import { listQueues, startQueue, stopQueue } from './queue.ts';
import { getSettings, postSettings } from './settings.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

export type Handler = (toolkit: Toolkit, call: Call, param: string) => Promise<void> | void;

interface Route {
  pattern: RegExp;
  methods: Record<string, Handler>;
}

// All routes: ostris/ai-toolkit@27a03a91 ui/src/app/api/**/route.ts, ui/src/middleware.ts and ui/cron/fileServer.ts
// (2026-08-21, version 0.12.26), answers recorded on 2026-11-21.
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
  { pattern: /^\/api\/img\/(.*)$/, methods: { GET: sendImage, HEAD: sendImage } },
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
  { pattern: /^\/api\/files\/(.*)$/, methods: { GET: sendToolkitFile, HEAD: sendToolkitFile } },
  { pattern: /^\/api\/ostris_cloud$/, methods: { GET: (_, { res }) => answerJson(res, 200, { enabled: false }) } },
];

/** The UI server: middleware first, then the route; POST-only paths fall through to the prefix routes for GET. */
export async function handleToolkit(toolkit: Toolkit, call: Call): Promise<void> {
  if (call.path.startsWith('/api/') && !isPublic(call.path) && !isAuthorized(toolkit, call)) {
    call.body.resume();
    return answerJson(call.res, 401, { error: 'Unauthorized' });
  }
  const hits = routes.filter(({ pattern }) => pattern.test(call.path));
  const route = hits.find(({ methods }) => methods[call.method] !== undefined);
  if (route !== undefined) {
    const param = route.pattern.exec(call.path)?.[1] ?? '';
    await route.methods[call.method]?.(toolkit, call, param);
    return;
  }
  call.body.resume();
  if (hits.length > 0) answerText(call.res, 405, '');
  else if (call.path.startsWith('/api/')) answerNotFoundPage(call.res);
  else
    answerText(
      call.res,
      200,
      '<!DOCTYPE html><html><head><title>Ostris - AI Toolkit</title></head><body>Emulated AI Toolkit: no weights are trained here.</body></html>',
      { 'content-type': 'text/html; charset=utf-8' },
    );
}

/** These prefixes are exempt from the password, for every method: a fact of that version, not a shortcut of ours. */
function isPublic(path: string): boolean {
  return path.startsWith('/api/img/') || path.startsWith('/api/files/');
}

/** Any scheme passes; the second word counts. No password set = open. */
function isAuthorized(toolkit: Toolkit, call: Call): boolean {
  const password = toolkit.options.env['AI_TOOLKIT_AUTH'];
  return !password || bearerToken(call.headers) === password;
}
