import { describe, expect, it } from 'vitest';
import { toGpuState } from './gpu-state.ts';

const gpu = (used: number, utilization: number, total = 24_564) => ({
  utilization: { gpu: utilization, memory: 0 },
  memory: { total, free: total - used, used },
});
const answer = (...gpus: object[]) => ({ hasNvidiaSmi: true, gpus });

describe('toGpuState', () => {
  it.each<[string, string, unknown]>([
    ['idle', 'an empty GPU that computes nothing', answer(gpu(450, 0))],
    ['busy', 'one that computes', answer(gpu(450, 3))],
    ['busy', 'one that only holds a model', answer(gpu(9_000, 0))],
    ['busy', 'two of which one is busy', answer(gpu(450, 0), gpu(9_000, 90))],
    ['unknown', 'one whose memory cannot be read', answer(gpu(0, 0, 0))],
    ['unknown', 'a list without any', answer()],
    ['unknown', 'a machine without nvidia-smi', { hasNvidiaSmi: false, isMac: false, gpus: [], error: 'not found' }],
  ])('is %s for %s', (state, _, wire) => {
    expect(toGpuState(wire)).toBe(state);
  });
});
