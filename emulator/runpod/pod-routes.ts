import { sendJson, sendText } from '../core/http.ts';
import { bootPod, endPod, exitPod, restartContainer, startAgain } from './pod-life.ts';
import { allowedActions, isAlive, renderPod } from './pod.ts';
import { placePod } from './create-pod.ts';
import { streamLogs } from './logs.ts';
import { details, problem } from './problems.ts';
import { HttpFailure } from '../core/http.ts';
import { validateRequest } from './validate.ts';
import type { Pod } from './pod.ts';
import type { RunpodRequest } from './request.ts';
import type { World } from '../world.ts';

// All handlers: https://docs.runpod.io/api-reference-v2, OpenAPI 2.9.0 of runpod/docs@a900806e (2026-08-18).

/** POST /v2/pods: never idempotent, one GPU type per call. */
export function createPod({ world, call, body, fault, headers }: RunpodRequest): void {
  const request = body as { name?: unknown; gpu?: { id?: unknown }; cloud?: unknown } | null;
  const post = {
    atMs: world.clock.now(),
    name: text(request?.name),
    gpuId: text(request?.gpu?.id),
    cloud: text(request?.cloud),
  };
  let pod: Pod;
  try {
    if (fault?.effect === 'no-capacity') throw problem(400, fault.detail ?? details.noCapacity);
    pod = placePod(world, body);
  } catch (error) {
    if (error instanceof HttpFailure)
      world.book.posts.push({ ...post, result: 'refused', status: error.status, podId: null });
    throw error;
  }
  if (fault !== undefined) pod.fates.push(fault);
  const answer = renderPod(pod, world.clock.now());
  bootPod(world, pod);
  world.book.posts.push({
    ...post,
    result: 'created',
    status: fault?.effect === 'created-but-500' ? 500 : 201,
    podId: pod.id,
  });
  switch (fault?.effect) {
    case 'created-but-500':
      throw problem(500, fault.detail ?? details.server);
    case 'created-but-reset':
      call.res.destroy();
      return;
    case 'created-but-timeout':
      return;
    case 'created-but-unreadable':
      sendText(call.res, 201, '{"id":"', { 'content-type': 'application/json', ...headers });
      return;
    default:
      sendJson(call.res, 201, answer, headers);
  }
}

/** GET /v2/pods: everything of the key, newest first; with `limit` or `cursor` in pages (seen from 2026-09 on). */
export function listPods({ world, call, fault, headers }: RunpodRequest): void {
  const nowMs = world.clock.now();
  const delayMs = fault?.effect === 'delayed' ? (fault.ms ?? 5000) : 0;
  let pods = [...world.runpod.pods.values()]
    .filter((pod) => (isAlive(pod) || pod.listedUntilMs > nowMs) && pod.createdAtMs <= nowMs - delayMs)
    .toReversed();
  if (fault?.effect === 'no-array') {
    sendJson(call.res, 200, { message: 'ok' }, headers);
    return;
  }
  if (fault?.effect === 'duplicated') pods = pods.flatMap((pod) => [pod, pod]);
  const limitText = call.query.get('limit');
  const cursor = call.query.get('cursor');
  if (limitText === null && cursor === null && fault?.effect !== 'short-page') {
    sendJson(call.res, 200, { pods: pods.map((pod) => renderPod(pod, nowMs)) }, headers);
    return;
  }
  const limit = limitText === null ? 1000 : Number(limitText);
  const start = cursor === null ? 0 : Number(/^c(\d+)$/.exec(cursor)?.[1] ?? Number.NaN);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000 || Number.isNaN(start))
    throw problem(422, details.validation, { errors: ['limit or cursor is invalid'] });
  // A short page has half of what there is, even nothing, and says that more follows.
  const length = fault?.effect === 'short-page' ? Math.floor((pods.length - start) / 2) : limit;
  const page = pods.slice(start, start + length);
  const hasNextPage = start + page.length < pods.length;
  sendJson(
    call.res,
    200,
    {
      pods: page.map((pod) => renderPod(pod, nowMs)),
      pagination: { nextCursor: hasNextPage ? `c${start + page.length}` : null, hasNextPage },
    },
    headers,
  );
}

/** GET /v2/pods/{id}. */
export function getPod({ world, call, id, headers }: RunpodRequest): void {
  sendJson(call.res, 200, renderPod(find(world, id), world.clock.now()), headers);
}

/** PATCH /v2/pods/{id}: name and lock only; anything else would reset the container and is not emulated. */
export function patchPod({ world, call, id, body, headers }: RunpodRequest): void {
  const pod = find(world, id);
  validateRequest('UpdatePodRequest', body);
  const patch = body as { name?: string; locked?: boolean };
  if (patch.name !== undefined) pod.spec.name = patch.name;
  if (patch.locked !== undefined) pod.locked = patch.locked;
  sendJson(call.res, 200, renderPod(pod, world.clock.now()), headers);
}

/** DELETE /v2/pods/{id}: 204, then 404. */
export async function deletePod({ world, call, id, fault, headers }: RunpodRequest): Promise<void> {
  const pod = find(world, id);
  await endPod(world, pod, 'deleted', fault?.effect === 'lingering' ? (fault.ms ?? 5000) : 0);
  if (fault?.effect === 'deleted-but-500') throw problem(500, fault.detail ?? details.server);
  if (fault?.effect === 'deleted-but-reset') {
    call.res.destroy();
    return;
  }
  sendText(call.res, 204, '', headers);
}

/** POST /v2/pods/{id}/action. */
export async function podAction({ world, call, id, body, fault, headers }: RunpodRequest): Promise<void> {
  const pod = find(world, id);
  validateRequest('PodActionRequest', body);
  const { action } = body as { action: string };
  if (!allowedActions(pod).includes(action) || (pod.locked && action === 'stop')) throw problem(409, details.conflict);
  if (fault?.effect === 'host-full') throw problem(400, details.hostFull);
  if (action === 'terminate') {
    await endPod(world, pod, 'terminated');
    sendText(call.res, 204, '', headers);
    return;
  }
  if (action === 'stop') await exitPod(world, pod);
  if (action === 'start') startAgain(world, pod);
  if (action === 'restart') {
    pod.publicPort += 7;
    void restartContainer(world, pod);
  }
  sendJson(call.res, 200, renderPod(pod, world.clock.now()), headers);
}

/** GET /v2/pods/{id}/logs. */
export function podLogs({ world, call, id, headers }: RunpodRequest): void {
  streamLogs(call, find(world, id), headers);
}

function find(world: World, id: string): Pod {
  const pod = world.runpod.pods.get(id);
  if (pod === undefined || !isAlive(pod)) throw problem(404, details.podNotFound);
  return pod;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
