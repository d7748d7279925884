import { rm } from 'node:fs/promises';
import { createContainer, podDisk } from './container.ts';
import { closeSpan, isAlive, openSpan } from './pod.ts';
import { runStartCommand } from './start-command.ts';
import type { World } from '../world.ts';
import type { LogLine, Pod } from './pod.ts';

function podLog(world: World, pod: Pod, source: LogLine['source'], line: string): void {
  pod.logs.push({ tsMs: world.clock.now(), source, line });
}

/** Runs the state machine PROVISIONING -> STARTING -> RUNNING -> ports -> app in the background. */
export function bootPod(world: World, pod: Pod): void {
  pod.life = new AbortController();
  const { signal } = pod.life;
  run(world, pod, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

async function run(world: World, pod: Pod, signal: AbortSignal): Promise<void> {
  const { clock } = world;
  const delays = world.config.delaysMs;
  const fate = (effect: string): boolean => pod.fates.some((fault) => fault.effect === effect);

  pod.status = 'PROVISIONING';
  podLog(world, pod, 'system', `create container ${pod.spec.image}`);
  if (fate('stuck-provisioning')) {
    podLog(world, pod, 'system', `error creating container: image pull: ${pod.spec.image}: pending`);
    return;
  }
  await clock.sleep(delays.provisioning, signal);
  pod.status = 'STARTING';
  podLog(world, pod, 'system', 'start container');
  await clock.sleep(delays.starting, signal);
  if (fate('error-after-boot')) {
    pod.status = 'ERROR';
    podLog(world, pod, 'system', 'error starting container: OCI runtime create failed');
    return;
  }
  pod.status = 'RUNNING';
  pod.startedAtMs = clock.now();
  scheduleFates(world, pod, signal);
  if (fate('no-runtime')) return;
  await clock.sleep(delays.ports, signal);
  pod.hasPorts = true;
  if (fate('app-never')) return;
  await clock.sleep(delays.app, signal);
  await startContainer(world, pod);
}

async function startContainer(world: World, pod: Pod): Promise<void> {
  const { signal } = pod.life;
  const isUp = await runStartCommand(world, pod, podDisk(world, pod), (line) => podLog(world, pod, 'container', line));
  if (!isUp || signal.aborted) return;
  pod.container = createContainer(world, pod, {
    vanish: () => void vanishPod(world, pod),
    'container-restart': () => void restartContainer(world, pod),
    exited: () => void exitPod(world, pod),
  });
  podLog(world, pod, 'container', 'AI Toolkit UI server is ready on port 8675');
}

/** Things that happen to a pod at a time, counted from RUNNING; `ms` is real time. */
function scheduleFates(world: World, pod: Pod, signal: AbortSignal): void {
  for (const fault of pod.fates) {
    const happen = { vanish: vanishPod, 'container-restart': restartContainer, exited: exitPod }[fault.effect];
    if (happen === undefined || fault.ms === undefined) continue;
    world.clock.sleepReal(fault.ms, signal).then(
      () => happen(world, pod),
      () => undefined, // The pod ended first.
    );
  }
}

/** The pod is gone: no container, no disk, no bill. */
export async function endPod(world: World, pod: Pod, endedBy: string, listedForMs = 0): Promise<void> {
  if (!isAlive(pod)) return;
  const nowMs = world.clock.now();
  pod.deletedAtMs = nowMs;
  pod.endedBy = endedBy;
  pod.listedUntilMs = nowMs + listedForMs;
  closeSpan(pod, nowMs);
  pod.life.abort(new Error(`pod ${pod.id} ended`));
  const ghost = pod.fates.find(({ effect }) => effect === 'ghost');
  if (ghost !== undefined && pod.container !== null) {
    pod.ghost = { container: pod.container, untilMs: ghost.ms === undefined ? Infinity : nowMs + ghost.ms };
  }
  await dropContainer(pod);
  pod.status = 'TERMINATED';
  await rm(podDisk(world, pod), { recursive: true, force: true, maxRetries: 3 });
}

/** The host lost the pod: GET answers 404 from now on. */
async function vanishPod(world: World, pod: Pod): Promise<void> {
  await endPod(world, pod, 'vanished');
}

/** The container ended and came back with an empty disk (uptime starts at 0). */
export async function restartContainer(world: World, pod: Pod): Promise<void> {
  if (!isAlive(pod)) return;
  await dropContainer(pod);
  podLog(world, pod, 'system', 'container exited, restarting');
  await rm(podDisk(world, pod), { recursive: true, force: true, maxRetries: 3 });
  pod.startedAtMs = world.clock.now();
  const { signal } = pod.life;
  try {
    await world.clock.sleep(world.config.delaysMs.app, signal);
    await startContainer(world, pod);
  } catch (error) {
    // The pod may have ended meanwhile.
    if (!signal.aborted) throw error;
  }
}

/** Stopped, by its owner or because the money ran out: disk wiped, no runtime, no cost. */
export async function exitPod(world: World, pod: Pod): Promise<void> {
  pod.life.abort(new Error(`pod ${pod.id} stopped`));
  closeSpan(pod, world.clock.now());
  await dropContainer(pod);
  await rm(podDisk(world, pod), { recursive: true, force: true, maxRetries: 3 });
  pod.status = 'EXITED';
  pod.hasPorts = false;
  pod.startedAtMs = null;
}

export function startAgain(world: World, pod: Pod): void {
  if (pod.fates.some((fault) => fault.effect === 'zero-gpus')) pod.spec.gpuCount = 0;
  openSpan(pod, world.clock.now());
  pod.publicPort += 7;
  bootPod(world, pod);
}

async function dropContainer(pod: Pod): Promise<void> {
  const { container } = pod;
  pod.container = null;
  if (container === null) return;
  pod.trainingsBefore += container.trainingsStarted();
  await container.kill();
}
