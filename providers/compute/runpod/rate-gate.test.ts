import { describe, expect, test } from 'vitest';
import { createRateGate } from './rate-gate.ts';

function answer(status: number, headers: Record<string, string>) {
  return { status, headers: new Headers(headers), contentType: '', text: '', json: undefined };
}

describe('the rate gate', () => {
  test('closes for the longest empty window', () => {
    const gate = createRateGate(() => 0);

    gate.note(answer(200, { ratelimit: '"minute";r=0;t=12, "hour";r=2800;t=1812, "day";r=0;t=40' }));

    expect(gate.closedForMs()).toBe(40_000);
  });

  test('closes for Retry-After', () => {
    const gate = createRateGate(() => 0);

    gate.note(answer(429, { 'retry-after': '7' }));

    expect(gate.closedForMs()).toBe(7_000);
  });

  test('stays open while there is quota', () => {
    const gate = createRateGate(() => 0);

    gate.note(answer(200, { ratelimit: '"minute";r=59;t=60' }));

    expect(gate.closedForMs()).toBe(0);
  });
});
