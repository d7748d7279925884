import { join } from 'node:path';
import { ToolkitContainer } from '../toolkit/container.ts';
import type { ToolkitOptions } from '../toolkit/state.ts';
import type { World } from '../world.ts';
import type { Container, Pod } from './pod.ts';

const GPU_MEMORY_MIB = 24_576;

/** Where a pod's disk lies below the world's folder. */
export function podDisk(world: World, pod: Pod): string {
  return join(world.dir, 'pods', pod.id);
}

/** What comes up in a pod: an AI Toolkit server, whatever the image. */
export function createContainer(world: World, pod: Pod, podEvents: ToolkitOptions['podEvents']): Container {
  const { id, spec, fates } = pod;
  return new ToolkitContainer({
    dir: podDisk(world, pod),
    env: spec.env,
    gpu: { name: spec.gpuId, count: spec.gpuCount, memoryMib: GPU_MEMORY_MIB },
    vcpuCount: spec.vcpuCount,
    memoryGb: spec.memoryGb,
    config: () => world.config,
    clock: world.clock,
    takeFaults: (jobName) => world.faults.takeForTrainer({ jobName, podName: spec.name, podId: id, gpuId: spec.gpuId }),
    bookTraining: (jobName) => world.book.openTraining({ podId: id, jobName, nowMs: world.clock.now() }),
    fates,
    podEvents,
  });
}
