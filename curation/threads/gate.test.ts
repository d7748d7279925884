import { describe, expect, it } from 'vitest';
import { createGate } from './gate.ts';

/** Lets everything that can go on go on. */
const settle = () => new Promise(setImmediate);

function enter(gate: ReturnType<typeof createGate>, weight: number) {
  const entry = { leave: null as (() => void) | null };
  void gate.enter(weight).then((leave) => (entry.leave = leave));
  return entry;
}

describe('createGate', () => {
  it('lets through what fits together, and the next when there is room', async () => {
    const gate = createGate(10);
    const [a, b, c] = [enter(gate, 4), enter(gate, 4), enter(gate, 4)];
    await settle();
    const before = [a.leave !== null, b.leave !== null, c.leave !== null];
    a.leave!();
    a.leave!();
    await settle();

    expect(before).toEqual([true, true, false]);
    expect(c.leave).not.toBeNull();
  });

  it('lets the heavy one through alone, and nobody past it', async () => {
    const gate = createGate(10);
    const light = enter(gate, 1);
    const heavy = enter(gate, 50);
    const late = enter(gate, 1);
    await settle();
    const before = [heavy.leave !== null, late.leave !== null];
    light.leave!();
    await settle();
    const alone = [heavy.leave !== null, late.leave !== null];
    heavy.leave!();
    await settle();

    expect([before, alone, late.leave !== null]).toEqual([[false, false], [true, false], true]);
  });
});
