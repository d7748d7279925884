import { answerJson } from './respond.ts';
import type { ToolkitRequest } from './request.ts';
import type { Toolkit } from './state.ts';
import type { Worker } from './worker.ts';

/**
 * GET /api/gpu: shape of ui/src/app/api/gpu/route.ts; a pod without GPU answers like the recording. What nvidia-smi
 * cannot read is null (NaN in JSON), except for the fan; when it fails the answer is 500.
 */
export function gpu({ toolkit, worker, call: { res } }: ToolkitRequest): void {
  const error = 'Failed to fetch GPU stats: Command failed: nvidia-smi';
  if (toolkit.options.config().nvidiaSmi === 'fails')
    answerJson(res, 500, { hasNvidiaSmi: false, isMac: false, gpus: [], error });
  else answerJson(res, 200, gpuState(toolkit, worker));
}

function gpuState(toolkit: Toolkit, worker: Worker): object {
  const { name, count, memoryMib } = toolkit.options.gpu;
  const { nvidiaSmi } = toolkit.options.config();
  if (count === 0 || nvidiaSmi === 'absent')
    return { hasNvidiaSmi: false, isMac: false, gpus: [], error: 'nvidia-smi not found or not accessible' };
  const isBusy = worker.processes().length > 0;
  const used = isBusy ? Math.floor(memoryMib * 0.8) : 450;
  const read = (value: number): number | null => (nvidiaSmi === 'partial' ? null : value);
  const gpus = Array.from({ length: count }, (_, index) => ({
    index,
    name,
    driverVersion: '580.95.05',
    temperature: read(isBusy ? 66 : 34),
    utilization: { gpu: read(isBusy ? 98 : 0), memory: read(isBusy ? 71 : 0) },
    memory: { total: read(memoryMib), free: read(memoryMib - used), used: read(used) },
    power: { draw: read(isBusy ? 338 : 22), limit: read(450) },
    clocks: { graphics: read(isBusy ? 2520 : 210), memory: read(10_501) },
    fan: { speed: isBusy ? 55 : 0 },
  }));
  return { hasNvidiaSmi: true, gpus };
}

/** GET /api/cpu (MiB and percent). */
export function cpu({ toolkit, call: { res } }: ToolkitRequest): void {
  answerJson(res, 200, cpuState(toolkit));
}

function cpuState(toolkit: Toolkit): object {
  const totalMemory = toolkit.options.memoryGb * 1024;
  const availableMemory = Math.floor(totalMemory * 0.8);
  return {
    name: 'Emulated CPU',
    cores: toolkit.options.vcpuCount,
    temperature: 45,
    totalMemory,
    availableMemory,
    freeMemory: availableMemory,
    currentLoad: 9.5,
  };
}

/** GET /api/monitor: server-sent samples every 500 ms. */
export function monitor({ toolkit, worker, call: { res } }: ToolkitRequest): void {
  const sample = (): object => ({
    t: toolkit.options.clock.now(),
    cpu: cpuState(toolkit),
    gpu: gpuState(toolkit, worker),
  });
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  res.write(`event: init\ndata: ${JSON.stringify({ ...sample(), history: [] })}\n\n`);
  const timer = setInterval(() => res.write(`event: sample\ndata: ${JSON.stringify(sample())}\n\n`), 500);
  res.on('close', () => clearInterval(timer));
}
