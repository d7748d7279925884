/**
 * RunPod pods over REST v2. Own thin client: `runpod-sdk` 1.1.2 cannot touch pods, and no API there has an idempotency
 * key.
 */
import { TemperaError } from '../../../core/failure.ts';
import { usdToMicroUsd } from '../../../core/money.ts';
import type { Offer } from '../../../core/offer.ts';
import { waitFor } from '../../../core/time-limit.ts';
import { send } from '../../http.ts';
import type { HttpAnswer, SendOptions } from '../../http.ts';
import type { Compute, CreateOutcome, Pod, PodSpec } from '../compute.ts';
import { sharedAnswer } from '../shared-answer.ts';
import { toArgs } from './args.ts';
import { isGoneAnswer, isNoCapacity, isUnclear, problemOf, toError } from './errors.ts';
import { createListPace } from './list-pace.ts';
import { createRateGate } from './rate-gate.ts';
import { readBilling, readCatalog, readPod, readPods, toCatalogGpu, toPod, toPodState } from './wire.ts';

interface RunpodOptions {
  readonly apiKey: string;
  /** Base address without `/v2`. */
  readonly apiUrl: string;
  /** Address of a pod's port with `{podId}` and `{port}` in it. */
  readonly proxyTemplate: string;
  /** How old the catalog may be. Milliseconds; SkyPilot caches it for 20 s, and so do we. */
  readonly catalogAgeMs?: number;
  /** Pod lists per minute before they are spaced out. Default 30. */
  readonly freeListsPerMinute?: number;
}

/** More pages than any of our accounts can fill: 1,000 pods a page. */
const MAX_PAGES = 20;

export function createRunpodCompute(options: RunpodOptions): Compute {
  const { apiKey, apiUrl, proxyTemplate, catalogAgeMs = 20_000, freeListsPerMinute } = options;
  const gate = createRateGate();

  const call = async (
    method: SendOptions['method'],
    path: string,
    extra: Partial<SendOptions> = {},
  ): Promise<HttpAnswer> => {
    // A termination is never held back: the pod bills, and a refusal is retried anyway.
    if (method !== 'DELETE') await gate.wait(extra.signal);
    const answer = await send({
      vendor: 'RunPod',
      method,
      url: `${apiUrl}${path}`,
      headers: { authorization: `Bearer ${apiKey}` },
      ...extra,
    });
    gate.note(answer);
    return answer;
  };

  const pods = sharedAnswer(
    async (): Promise<readonly Pod[]> => {
      const all: Pod[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
        const answer = await call('GET', `/v2/pods${query}`);
        if (answer.status !== 200) throw toError(answer, 'the list of pods');
        const { pods: part, pagination } = readPods(answer.json);
        all.push(...part.map(toPod));
        // A pod that moves between two pages is listed twice; terminating "the other one" with its name would terminate
        // it.
        if (!pagination?.hasNextPage) return [...new Map(all.map((pod) => [pod.id, pod])).values()];
        if (pagination.nextCursor === null || pagination.nextCursor === cursor) break;
        cursor = pagination.nextCursor;
      }
      throw new TemperaError('PROVIDER_UNAVAILABLE', 'RunPod’s list of pods did not end');
    },
    { pauseMs: createListPace(freeListsPerMinute) },
  );

  const catalog = sharedAnswer(async () => {
    const query = 'include=AVAILABILITY&product=POD&count=1&minCudaVersion=13.0';
    const answer = await call('GET', `/v2/catalog/gpus?${query}`);
    if (answer.status !== 200) throw toError(answer, 'the catalog');
    return readCatalog(answer.json).gpus.map(toCatalogGpu);
  });

  return {
    catalog: (signal) => waitFor(catalog.get(catalogAgeMs), signal),

    async create(spec, offer, timeoutMs) {
      // The caller has claimed a window of time in the ledger: waiting here would outlast it.
      const closedForMs = gate.closedForMs();
      if (closedForMs > 0) {
        throw new TemperaError('RATE_LIMITED', 'RunPod’s quota is used up for now', { retryAfterMs: closedForMs });
      }
      try {
        const answer = await call('POST', '/v2/pods', { json: createBody(spec, offer), timeoutMs });
        pods.invalidate();
        return judgeCreate(answer);
      } catch (error) {
        pods.invalidate();
        if (error instanceof TemperaError && error.code === 'PROVIDER_UNAVAILABLE')
          return { status: 'unclear', message: error.message };
        throw error;
      }
    },

    list: ({ maxAgeMs }, signal) => waitFor(pods.get(maxAgeMs), signal),

    async terminate(podId, signal) {
      const answer = await call('DELETE', `/v2/pods/${encodeURIComponent(podId)}`, { signal });
      pods.invalidate();
      if (answer.status === 204 || answer.status === 200 || isGoneAnswer(answer)) return;
      throw toError(answer, 'the termination of a pod');
    },

    async isGone(podId, signal) {
      const answer = await call('GET', `/v2/pods/${encodeURIComponent(podId)}`, { signal });
      if (isGoneAnswer(answer)) return true;
      if (answer.status !== 200) throw toError(answer, 'a pod lookup');
      return toPodState(readPod(answer.json).status) === 'gone';
    },

    async billed(podId, since, signal) {
      const query = new URLSearchParams({ podId, startTime: since.toISOString(), bucketSize: 'hour' });
      const answer = await call('GET', `/v2/billing/pods?${query.toString()}`, { signal });
      if (answer.status !== 200) throw toError(answer, 'billing');
      const own = readBilling(answer.json).records.filter((record) => record.podId === podId);
      return own.length === 0 ? null : own.reduce((sum, record) => sum + usdToMicroUsd(record.totalAmount), 0);
    },

    portUrl: (podId, port) => proxyTemplate.replaceAll('{podId}', podId).replaceAll('{port}', String(port)),
  };
}

/**
 * `disk` and `gpu.count` are always sent: without them the service returns a misleading 400 (seen live 2026-08 and
 * 2026-10).
 */
function createBody(spec: PodSpec, offer: Offer): Record<string, unknown> {
  return {
    name: spec.name,
    image: spec.image,
    disk: spec.diskGb,
    ports: spec.httpPorts.map((port) => `${port}/http`),
    env: spec.env,
    ...(spec.command === undefined ? {} : { args: toArgs(spec.command) }),
    cloud: offer.cloud === 'secure' ? 'SECURE' : 'COMMUNITY',
    gpu: { id: offer.gpu, count: 1, minCudaVersion: spec.minCudaVersion },
    ...(offer.dataCenters.length > 0 ? { dataCenterIds: offer.dataCenters } : {}),
  };
}

/**
 * 2xx with a readable pod is a pod; 400 and 403 move on to the next offer; anything ambiguous is unclear, never "none".
 */
function judgeCreate(answer: HttpAnswer): CreateOutcome {
  if (answer.status >= 200 && answer.status < 300) {
    try {
      return { status: 'created', pod: toPod(readPod(answer.json)) };
    } catch {
      return { status: 'unclear', message: 'RunPod answered the create call with an unreadable pod' };
    }
  }
  if (isNoCapacity(answer)) return { status: 'no_capacity', message: problemOf(answer)?.detail ?? '' };
  if (isUnclear(answer.status))
    return { status: 'unclear', message: `RunPod answered the create call with HTTP ${answer.status}` };
  if (problemOf(answer) && (answer.status === 400 || answer.status === 403)) {
    return { status: 'refused', message: problemOf(answer)?.detail.slice(0, 300) ?? '' };
  }
  throw toError(answer, 'a new pod');
}
