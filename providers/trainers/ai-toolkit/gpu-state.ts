import { Type } from 'typebox';
import { answerReader } from '../../wire.ts';

const Reading = Type.Union([Type.Number(), Type.Null()]);

/**
 * `/api/gpu` is nvidia-smi's table, up to 5 s old; what it cannot read is null (ui/src/app/api/gpu/route.ts,
 * 2026-08-21). MiB and %.
 */
const readGpus = answerReader(
  'AI Toolkit',
  'the state of its GPUs',
  Type.Object({
    hasNvidiaSmi: Type.Boolean(),
    gpus: Type.Array(
      Type.Object({
        utilization: Type.Object({ gpu: Reading }),
        memory: Type.Object({ used: Reading }),
      }),
    ),
  }),
);

/** A driver alone takes a few hundred, a training process several thousand. MiB. */
const EMPTY_MIB = 1_024;

/**
 * What a trainer's GPUs are doing: `idle` when none is computing or holding memory, `unknown` when that cannot be read.
 * An answer of null means the HTTP 500 of a machine whose nvidia-smi fails.
 */
export function toGpuState(answer: unknown): 'busy' | 'idle' | 'unknown' {
  if (answer === null) return 'unknown';
  const { hasNvidiaSmi, gpus } = readGpus(answer);
  if (!hasNvidiaSmi || gpus.length === 0) return 'unknown';
  const readings = gpus.map(({ utilization, memory }) => [utilization.gpu, memory.used] as const);
  if (readings.some(([computes, holds]) => (computes ?? 0) > 0 || (holds ?? 0) >= EMPTY_MIB)) return 'busy';
  return readings.flat().includes(null) ? 'unknown' : 'idle';
}
