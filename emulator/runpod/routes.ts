import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, readBody, sendJson } from '../core/http.ts';
import { createRouter, decodeSegment } from '../core/router.ts';
import { podBilling } from './billing.ts';
import { dataCenterList, gpuTypes } from './catalog.ts';
import { createPod, deletePod, getPod, listPods, patchPod, podAction, podLogs } from './pod-routes.ts';
import { details, problem } from './problems.ts';
import { templateView } from './templates.ts';
import type { Fault, FaultContext, FaultPoint } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { Route } from '../core/router.ts';
import type { World } from '../world.ts';
import type { RunpodRequest } from './request.ts';

interface Action {
  /** Where faults of this method strike, besides `runpod`. */
  at: FaultPoint;
  handle: (request: RunpodRequest) => Promise<void> | void;
}

const at = (point: FaultPoint, handle: Action['handle']): Action => ({ at: point, handle });
/** The account book counts calls by their path. */
const route = (path: string, methods: Record<string, Action>): Route<Action> => ({ name: path, path, methods });

const find = createRouter([
  route('/v2/pods', { GET: at('pods.list', listPods), POST: at('pods.create', createPod) }),
  route('/v2/pods/{id}', {
    GET: at('pods.get', getPod),
    PATCH: at('pods.action', patchPod),
    DELETE: at('pods.delete', deletePod),
  }),
  route('/v2/pods/{id}/action', { POST: at('pods.action', podAction) }),
  route('/v2/pods/{id}/logs', { GET: at('pods.logs', podLogs) }),
  route('/v2/catalog/gpus', { GET: at('catalog', listGpus) }),
  route('/v2/catalog/gpus/{id}', { GET: at('catalog', getGpu) }),
  route('/v2/catalog/datacenters', { GET: at('catalog', listDataCenters) }),
  route('/v2/billing/pods', { GET: at('billing', getBilling) }),
  route('/v2/templates/{id}', { GET: at('templates', getTemplate) }),
]);

/** RunPod REST v2 (https://docs.runpod.io/api-reference-v2; runpod/docs@a900806e, compared 2026-11-21). */
export async function handleRunpod(world: World, call: Call): Promise<void> {
  const found = find(call.method, call.path);
  world.book.countRequest(`${call.method} ${found.status === 'unknown path' ? 'unknown' : found.name}`);
  let headers: Record<string, string> = {};
  try {
    const key = authenticate(world, call);
    headers = limit(world, key);
    if (found.status === 'unknown path') throw problem(404, details.notFound);
    if (found.status === 'wrong method')
      throw problem(405, details.method, { headers: { Allow: found.allowed.join(', ') } });
    const id = decodeSegment(found.args[0] ?? '');
    const body = call.method === 'POST' || call.method === 'PATCH' ? await jsonBody(call) : undefined;
    const fault = strike(world, { call, at: found.handler.at, id, body });
    if (await applyHttpFault(call, fault, (_, status, spoilt) => answerProblem(call, refusal(status, spoilt), headers)))
      return;
    await found.handler.handle({ world, call, id, body, fault, headers });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    answerProblem(call, error, error.status === 401 ? {} : headers);
  }
}

function answerProblem(call: Call, failure: HttpFailure, headers: Record<string, string>): void {
  sendJson(call.res, failure.status, failure.body, { ...headers, ...failure.headers });
}

function strike(world: World, params: { call: Call; at: FaultPoint; id: string; body: unknown }): Fault | undefined {
  const { call, at, id, body } = params;
  const pod = world.runpod.pods.get(id);
  const context: FaultContext = {
    method: call.method,
    path: call.path,
    ...(pod && { podId: pod.id, podName: pod.spec.name, gpuId: pod.spec.gpuId }),
  };
  const request = body as
    | { name?: string; gpu?: { id?: string }; cloud?: string; dataCenterIds?: string[] }
    | undefined;
  if (at === 'pods.create' && typeof request === 'object') {
    context.podName = request.name;
    context.gpuId = request.gpu?.id;
    context.cloud = request.cloud ?? 'SECURE';
    context.dataCenter = request.dataCenterIds?.join(',') ?? '';
  }
  return world.faults.take('runpod', context) ?? world.faults.take(at, context);
}

function refusal(status: number, fault: Fault): HttpFailure {
  const texts: Record<number, string> = {
    400: details.badRequest,
    401: details.unauthorized,
    402: details.noBalance,
    403: details.forbidden,
    404: details.notFound,
    422: details.validation,
    429: 'rate limit exceeded for the minute window',
  };
  const headers: Record<string, string> = status === 429 ? { 'Retry-After': String(fault.retryAfterSec ?? 1) } : {};
  return problem(status, fault.detail ?? texts[status] ?? details.server, { headers });
}

function authenticate(world: World, call: Call): string {
  const key = /^Bearer (\S+)$/.exec(call.headers.authorization ?? '') ? bearerToken(call.headers) : undefined;
  if (key === undefined || !world.config.apiKeys.includes(key)) throw problem(401, details.unauthorized);
  return key;
}

function limit(world: World, key: string): Record<string, string> {
  const windows = world.config.rateLimit;
  if (windows === null) return {};
  const { headers, exceeded } = world.runpod.limiter.take({ key, windows, nowMs: world.clock.now() });
  if (exceeded) {
    throw problem(429, `rate limit exceeded for the ${exceeded.name} window`, {
      headers: { ...headers, 'Retry-After': String(exceeded.retryAfterSec) },
    });
  }
  return headers;
}

async function jsonBody(call: Call): Promise<unknown> {
  const bytes = await readBody(call.body);
  if (bytes.length > 102_400) throw problem(413, details.tooLarge);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw problem(422, details.validation, { errors: ['$: body is not valid JSON'] }); // (assumed text)
  }
}

function listGpus({ world, call, headers }: RunpodRequest): void {
  sendJson(call.res, 200, { gpus: gpuTypes(world.config, call.query) }, headers);
}

function getGpu({ world, call, id, headers }: RunpodRequest): void {
  const gpu = (gpuTypes(world.config, call.query) as { id: string }[]).find((candidate) => candidate.id === id);
  if (gpu === undefined) throw problem(404, details.notFound);
  sendJson(call.res, 200, gpu, headers);
}

function listDataCenters({ world, call, headers }: RunpodRequest): void {
  sendJson(call.res, 200, { dataCenters: dataCenterList(world.config, call.query) }, headers);
}

function getBilling({ world, call, fault, headers }: RunpodRequest): void {
  sendJson(call.res, 200, podBilling(world, call.query, fault?.effect === 'lag' ? (fault.ms ?? 300_000) : 0), headers);
}

function getTemplate({ call, id, headers }: RunpodRequest): void {
  const view = templateView(id);
  if (view === undefined) throw problem(404, details.notFound);
  sendJson(call.res, 200, view, headers);
}
