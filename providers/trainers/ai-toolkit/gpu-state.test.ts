import { describe, expect, it } from 'vitest';
import { toGpuState } from './gpu-state.ts';

const gpu = (used: number | null, utilization: number | null) => ({
  utilization: { gpu: utilization, memory: utilization },
  memory: { total: 24_564, free: used === null ? null : 24_564 - used, used },
});
const answer = (...gpus: object[]) => ({ hasNvidiaSmi: true, gpus });

describe('toGpuState', () => {
  it.each<[string, string, unknown]>([
    ['idle', 'an empty GPU that computes nothing', answer(gpu(450, 0))],
    ['busy', 'one that computes', answer(gpu(450, 3))],
    ['busy', 'one that only holds a model', answer(gpu(9_000, 0))],
    ['busy', 'two of which one is busy', answer(gpu(450, 0), gpu(9_000, 90))],
    ['unknown', 'one whose memory cannot be read', answer(gpu(null, 0))],
    ['unknown', 'one whose load cannot be read', answer(gpu(450, null))],
    ['unknown', 'one of which nothing can be read', answer(gpu(null, null))],
    ['unknown', 'two of which one cannot be read', answer(gpu(450, 0), gpu(null, null))],
    ['busy', 'one that holds a model while its load cannot be read', answer(gpu(9_000, null))],
    ['unknown', 'an nvidia-smi that failed', null],
    ['unknown', 'a list without any', answer()],
    ['unknown', 'a machine without nvidia-smi', { hasNvidiaSmi: false, isMac: false, gpus: [], error: 'not found' }],
  ])('is %s for %s', (state, _, wire) => {
    expect(toGpuState(wire)).toBe(state);
  });
});
