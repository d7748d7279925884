import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, readBody, sendJson } from '../core/http.ts';
import { podBilling } from './billing.ts';
import { dataCenterList, gpuTypes } from './catalog.ts';
import { createPod, deletePod, getPod, listPods, patchPod, podAction, podLogs } from './pod-routes.ts';
import { details, problem } from './problems.ts';
import { templateView } from './templates.ts';
import type { Fault, FaultContext, FaultPoint } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

/** What a RunPod handler gets: the request, its JSON body and the fault that strikes it. */
export interface Request {
  world: World;
  call: Call;
  id: string;
  body: unknown;
  fault: Fault | undefined;
  headers: Record<string, string>;
}

interface Route {
  pattern: RegExp;
  at: FaultPoint;
  name: string;
  methods: Record<string, (request: Request) => Promise<void> | void>;
}

const routes: Route[] = [
  { pattern: /^\/v2\/pods$/, at: 'pods.list', name: '/v2/pods', methods: { GET: listPods, POST: createPod } },
  {
    pattern: /^\/v2\/pods\/([^/]+)$/,
    at: 'pods.get',
    name: '/v2/pods/{id}',
    methods: { GET: getPod, PATCH: patchPod, DELETE: deletePod },
  },
  {
    pattern: /^\/v2\/pods\/([^/]+)\/action$/,
    at: 'pods.action',
    name: '/v2/pods/{id}/action',
    methods: { POST: podAction },
  },
  { pattern: /^\/v2\/pods\/([^/]+)\/logs$/, at: 'pods.logs', name: '/v2/pods/{id}/logs', methods: { GET: podLogs } },
  {
    pattern: /^\/v2\/catalog\/gpus$/,
    at: 'catalog',
    name: '/v2/catalog/gpus',
    methods: {
      GET: ({ world, call, headers }) => sendJson(call.res, 200, { gpus: gpuTypes(world.config, call.query) }, headers),
    },
  },
  { pattern: /^\/v2\/catalog\/gpus\/([^/]+)$/, at: 'catalog', name: '/v2/catalog/gpus/{id}', methods: { GET: getGpu } },
  {
    pattern: /^\/v2\/catalog\/datacenters$/,
    at: 'catalog',
    name: '/v2/catalog/datacenters',
    methods: {
      GET: ({ world, call, headers }) =>
        sendJson(call.res, 200, { dataCenters: dataCenterList(world.config, call.query) }, headers),
    },
  },
  { pattern: /^\/v2\/billing\/pods$/, at: 'billing', name: '/v2/billing/pods', methods: { GET: getBilling } },
  { pattern: /^\/v2\/templates\/([^/]+)$/, at: 'templates', name: '/v2/templates/{id}', methods: { GET: getTemplate } },
];

const pointOfMethod: Record<string, FaultPoint> = {
  'POST /v2/pods': 'pods.create',
  'DELETE /v2/pods/{id}': 'pods.delete',
  'PATCH /v2/pods/{id}': 'pods.action',
};

/** RunPod REST v2 (https://docs.runpod.io/api-reference-v2; runpod/docs@a900806e, compared 2026-11-21). */
export async function handleRunpod(world: World, call: Call): Promise<void> {
  const route = routes.find(({ pattern }) => pattern.test(call.path));
  world.book.countRequest(`${call.method} ${route?.name ?? 'unknown'}`);
  let headers: Record<string, string> = {};
  try {
    const key = authenticate(world, call);
    headers = limit(world, key);
    if (route === undefined) throw problem(404, details.notFound);
    const handler = route.methods[call.method];
    if (handler === undefined)
      throw problem(405, details.method, { headers: { Allow: Object.keys(route.methods).join(', ') } });
    const id = decode(route.pattern.exec(call.path)?.[1] ?? '');
    const body = call.method === 'POST' || call.method === 'PATCH' ? await jsonBody(call) : undefined;
    const fault = strike(world, { call, at: pointOfMethod[`${call.method} ${route.name}`] ?? route.at, id, body });
    if (await applyHttpFault(call, fault, (_, status, spoilt) => answerProblem(call, refusal(status, spoilt), headers)))
      return;
    await handler({ world, call, id, body, fault, headers });
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
  const pod = world.pods.get(id);
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
  const { headers, exceeded } = world.limiter.take({ key, windows, nowMs: world.clock.now() });
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

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function getGpu({ world, call, id, headers }: Request): void {
  const gpu = (gpuTypes(world.config, call.query) as { id: string }[]).find((candidate) => candidate.id === id);
  if (gpu === undefined) throw problem(404, details.notFound);
  sendJson(call.res, 200, gpu, headers);
}

function getBilling({ world, call, fault, headers }: Request): void {
  sendJson(call.res, 200, podBilling(world, call.query, fault?.effect === 'lag' ? (fault.ms ?? 300_000) : 0), headers);
}

function getTemplate({ call, id, headers }: Request): void {
  const view = templateView(id);
  if (view === undefined) throw problem(404, details.notFound);
  sendJson(call.res, 200, view, headers);
}
