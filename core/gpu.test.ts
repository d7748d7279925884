import { describe, expect, test } from 'vitest';
import { GPU_NAMES, gpuFaults, nearestGpus, parseGpu } from './gpu.ts';

describe('names of GPU types', () => {
  test.each([
    ['RTX 4090', 'RTX 4090'],
    ['RTX_4090', 'RTX 4090'],
    ['rtx4090', 'RTX 4090'],
    ['GeForce RTX 4090', 'RTX 4090'],
    ['NVIDIA GeForce RTX 4090', 'RTX 4090'],
    ['NVIDIA H100 80GB HBM3', 'H100 SXM'],
    ['h100-sxm', 'H100 SXM'],
    ['l40s', 'L40S'],
    ['NVIDIA RTX 6000 Ada Generation', 'RTX 6000 Ada'],
  ])('%s is %s', (text, name) => {
    expect(parseGpu(text)).toBe(name);
  });

  test.each(['', 'RTX 409', 'H100', 'constructor', '__proto__', 'AMD Instinct MI300X OAM', '4090 RTX'])(
    '"%s" is none',
    (text) => {
      expect(parseGpu(text)).toBeNull();
    },
  );

  test('every name is its own spelling', () => {
    expect(GPU_NAMES.map(parseGpu)).toEqual(GPU_NAMES);
  });

  test('a typing error hears what is written most alike', () => {
    expect(nearestGpus('RTX 4900')).toContain('RTX 4090');
    expect(nearestGpus('H100')).toEqual(expect.arrayContaining(['H100 SXM']));
    expect(gpuFaults(['RTX 4090', 'RTX 5900'])).toEqual([
      expect.stringMatching(/^compute\.gpus: "RTX 5900" .*RTX 5090/),
    ]);
  });

  test('an endless name takes no time', () => {
    expect(gpuFaults(['x'.repeat(1_000_000)])[0]!.length).toBeLessThan(200);
  });
});
