import { Transform } from 'node:stream';
import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, sendHtml } from '../core/http.ts';
import { isAlive } from '../runpod/pod.ts';
import { ToolkitContainer } from '../toolkit/container.ts';
import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

/**
 * RunPod's public HTTP proxy `https://{podId}-{port}.proxy.runpod.net`: unauthenticated, 502 until the app listens,
 * a limit on the body. Source: runpod/docs@a900806e pods/configuration/expose-ports.mdx (2026-08-20).
 */
export async function handleProxy(world: World, call: Call): Promise<void> {
  const [, podId, port, path = '/'] = /^\/([^/]+)\/(\d+)(\/.*)?$/.exec(call.path) ?? [];
  if (podId === undefined || port === undefined)
    throw new HttpFailure(404, { error: 'expected /proxy/{podId}/{port}' });
  call.path = path;
  const pod = world.runpod.pods.get(podId);
  world.book.countRequest(`${call.method} proxy ${route(call.path)}`);
  const context = {
    method: call.method,
    path: call.path,
    podId,
    podName: pod?.spec.name,
    gpuId: pod?.spec.gpuId,
  };
  const fault = world.faults.take('proxy', context);
  if (await applyHttpFault(call, fault, (_, status) => refuse(call, status))) return;
  if (fault?.effect === 'bad-gateway') return refuse(call, 502);
  if (fault?.effect === 'timeout-524') return refuse(call, 524);
  if (fault?.effect === 'start-page') return refuse(call, 200);

  const ghost = pod?.ghost && pod.ghost.untilMs > world.clock.now() ? pod.ghost.container : null;
  if (pod === undefined || (!isAlive(pod) && ghost === null)) return refuse(call, world.config.deadPodStatus);
  const container = ghost ?? pod.container;
  const isExposed = pod.spec.ports.includes(`${port}/http`);
  if (!isExposed || port !== '8675' || !(container instanceof ToolkitContainer)) return refuse(call, 502);
  const limit = world.config.maxProxyBodyBytes;
  if (limit !== null && Number(call.headers['content-length'] ?? 0) > limit) return refuse(call, 413);

  call.transfer = shape(world, fault);
  call.body = throttled(call, world.config.bytesPerSecond.upload, limit);
  await container.handle(call);
}

function refuse(call: Call, status: number): void {
  const titles: Record<number, string> = {
    200: 'Welcome to nginx!',
    404: 'Not Found',
    413: 'Request Entity Too Large',
    502: 'Bad gateway',
    524: 'A timeout occurred',
  };
  // The rest of a refused upload is read and discarded, so that the client sees the answer.
  call.body.resume();
  sendHtml(call.res, status, titles[status] ?? `Error ${status}`);
}

function shape(world: World, fault: Fault | undefined): Call['transfer'] {
  return {
    bytesPerSecond: fault?.effect === 'slow' ? (fault.bytesPerSecond ?? 65_536) : world.config.bytesPerSecond.download,
    firstByteDelayMs: world.clock.scale(world.config.delaysMs.downloadFirstByte),
    ...(fault?.effect === 'truncate' && { truncateAfterBytes: fault.bytes ?? 1024 }),
    ...(fault?.effect === 'corrupt' && { corruptAtByte: fault.bytes ?? 1024 }),
  };
}

function throttled(call: Call, bytesPerSecond: number | null, limit: number | null): Call['body'] {
  const isChunked = call.headers['content-length'] === undefined && call.headers['transfer-encoding'] !== undefined;
  if (bytesPerSecond === null && !(isChunked && limit !== null)) return call.body;
  let seen = 0;
  const gate = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (limit !== null && seen > limit) {
        sendHtml(call.res, 413, 'Request Entity Too Large');
        done(new Error('proxy body limit'));
      } else if (bytesPerSecond === null) done(null, chunk);
      else setTimeout(() => done(null, chunk), (chunk.length / bytesPerSecond) * 1000);
    },
  });
  return call.body.pipe(gate);
}

/** Paths for the request counts, without ids. */
function route(path: string): string {
  return path
    .replace(/^(\/api\/(?:files|img))\/.*$/, '$1/{path}')
    .replace(/^(\/api\/jobs)\/[^/]+/, '$1/{id}')
    .replace(/^(\/api\/queue)\/[^/]+/, '$1/{gpu_ids}');
}
