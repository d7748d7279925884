import { expect, test } from 'vitest';
import { podName, podNamePrefix } from './names.ts';
import { microUsdToCents, rentMicroUsd } from './money.ts';

test('a pod’s name carries its owner and stays below 60 characters', () => {
  const name = podName({
    environment: 'production12',
    trainingId: '01a1fde7-5c1d-77d9-b0af-cd328b70542b',
    attempt: 12,
    pod: 3,
  });

  expect(name).toBe('tempera-production12-b0afcd328b70542b-a12p3');
  expect(name.startsWith(podNamePrefix('production12'))).toBe(true);
  expect(name.length).toBeLessThanOrEqual(60);
});

test('rent is rounded up, to the micro-dollar and to the cent', () => {
  expect(rentMicroUsd(740_000, 1)).toBe(1);
  expect(rentMicroUsd(740_000, 3_600_000)).toBe(740_000);
  expect(rentMicroUsd(740_000, -5)).toBe(0);
  expect(microUsdToCents(10_001)).toBe(2);
});
