import { Type } from 'typebox';
import { answerReader } from '../../wire.ts';

/** `/api/gpu` is nvidia-smi's table, up to 5 s old; what it cannot read becomes 0 (ui/src/app/api/gpu/route.ts, 2026-08-21). MiB and %. */
const readGpus = answerReader(
  'AI Toolkit',
  'the state of its GPUs',
  Type.Object({
    hasNvidiaSmi: Type.Boolean(),
    gpus: Type.Array(
      Type.Object({
        utilization: Type.Object({ gpu: Type.Number() }),
        memory: Type.Object({ total: Type.Number(), used: Type.Number() }),
      }),
    ),
  }),
);

/** A driver alone takes some hundred; a process that trains takes several thousand. MiB. */
const EMPTY_MIB = 1_024;

/** What the GPUs of a trainer are doing: `idle` when none computes or holds anything. */
export function toGpuState(answer: unknown): 'busy' | 'idle' | 'unknown' {
  const { hasNvidiaSmi, gpus } = readGpus(answer);
  if (!hasNvidiaSmi || gpus.length === 0 || gpus.some(({ memory }) => memory.total === 0)) return 'unknown';
  const isIdle = gpus.every(({ utilization, memory }) => utilization.gpu === 0 && memory.used < EMPTY_MIB);
  return isIdle ? 'idle' : 'busy';
}
