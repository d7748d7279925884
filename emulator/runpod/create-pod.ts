import { randomId } from '../core/random.ts';
import { knownCuda, offered, pickCuda, priceOf } from './catalog.ts';

import { openSpan } from './pod.ts';
import { details, problem } from './problems.ts';
import { template } from './templates.ts';
import { validateRequest } from './validate.ts';
import type { World } from '../world.ts';
import type { Cloud } from './catalog.ts';
import type { Pod, PodSpec } from './pod.ts';

interface CreatePodRequest {
  name: string;
  image?: string;
  templateId?: string;
  args?: string;
  disk?: number;
  env?: Record<string, string>;
  ports?: string[];
  registry?: string | null;
  entrypoint?: string[];
  cmd?: string[];
  cloud?: Cloud;
  cpu?: object;
  gpu?: { id: string; count?: number; allowedCudaVersions?: string[]; minCudaVersion?: string };
  dataCenterIds?: string[];
  mounts?: { persistent?: object; network?: object[] };
}

/**
 * POST /v2/pods: schema, then handler rules, then placement.
 * https://docs.runpod.io/api-reference-v2 (runpod/docs@a900806e, 2026-08-18; live rules of 2026-08-18 and 2026-10-01)
 */
export function placePod(world: World, body: unknown): Pod {
  validateRequest('CreatePodRequest', body);
  const request = body as CreatePodRequest;
  const spec = place(world, withTemplate(request));
  const nowMs = world.clock.now();
  const pod: Pod = {
    id: randomId(world.random, 14),
    spec,
    status: 'PROVISIONING',
    usdPerHour: round(spec.gpuCount * hourlyPrice(world, spec)),
    locked: false,
    createdAtMs: nowMs,
    startedAtMs: null,
    hasPorts: false,
    container: null,
    trainingsBefore: 0,
    deletedAtMs: null,
    endedBy: null,
    ghost: null,
    listedUntilMs: 0,
    publicPort: 10_000 + Math.floor(world.random() * 20_000),
    spans: [],
    logs: [],
    fates: [],
    life: new AbortController(),
  };
  openSpan(pod, nowMs);
  world.runpod.pods.set(pod.id, pod);
  return pod;
}

function withTemplate(request: CreatePodRequest): CreatePodRequest {
  if (request.templateId === undefined) return request;
  const found = template(request.templateId);
  if (found === undefined) throw problem(404, 'template not found'); // (assumed text)
  return { ...found, ...request, env: { ...found.env, ...request.env } };
}

function place(world: World, request: CreatePodRequest): PodSpec {
  const { gpu } = request;
  if ((gpu === undefined) === (request.cpu === undefined))
    throw problem(400, "exactly one of 'gpu' and 'cpu' is required"); // (assumed text)
  if (request.mounts?.persistent && request.mounts.network)
    throw problem(400, "'persistent' and 'network' mounts exclude each other"); // (assumed text)
  if (gpu === undefined) throw problem(400, 'The emulator has no CPU pods.');
  if (gpu.allowedCudaVersions?.length && gpu.minCudaVersion) {
    throw problem(400, "'allowedCudaVersions' and 'minCudaVersion' exclude each other"); // (assumed text)
  }
  if (request.disk === undefined) throw problem(400, details.badConfig);

  const cloud = request.cloud ?? 'SECURE';
  const found = offered(world.config, gpu.id);
  const allowed = gpu.allowedCudaVersions?.length ? gpu.allowedCudaVersions : undefined;
  const places =
    found?.dataCenters.filter(({ id }) => request.dataCenterIds === undefined || request.dataCenterIds.includes(id)) ??
    [];
  const place = places[Math.floor(world.random() * places.length)];
  const hasCuda = allowed ? allowed.some(knownCuda) : Number(gpu.minCudaVersion ?? 0) <= 13;
  // Omitting the count gives this misleading answer too (runpod/runpod-mcp, 2026-08-04).
  if (
    found === undefined ||
    place === undefined ||
    priceOf(found, cloud) <= 0 ||
    !hasCuda ||
    gpu.count === undefined ||
    gpu.count > 8
  ) {
    throw problem(400, details.noCapacity);
  }
  return {
    name: request.name,
    image: request.image ?? '',
    args: request.args ?? '',
    disk: request.disk,
    ports: request.ports ?? [],
    env: request.env ?? {},
    registry: request.registry ?? null,
    mounts: { ...request.mounts },
    gpuId: gpu.id,
    gpuCount: gpu.count,
    cloud,
    dataCenterId: place.id,
    cudaVersion: pickCuda(allowed),
    vcpuCount: found.gpu.vcpu * gpu.count,
    memoryGb: found.gpu.ramGb * gpu.count,
    ...(request.entrypoint && { entrypoint: request.entrypoint }),
    ...(request.cmd && { cmd: request.cmd }),
  };
}

function hourlyPrice(world: World, spec: PodSpec): number {
  const found = offered(world.config, spec.gpuId);
  return found === undefined ? 0 : priceOf(found, spec.cloud);
}

function round(usd: number): number {
  return Math.round(usd * 10_000) / 10_000;
}
