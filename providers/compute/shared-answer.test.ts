import { describe, expect, test } from 'vitest';
import { sharedAnswer } from './shared-answer.ts';

function counted() {
  let calls = 0;
  let now = 0;
  const shared = sharedAnswer(async () => ++calls, { now: () => now });
  return { shared, advance: (ms: number) => (now += ms) };
}

describe('a shared answer', () => {
  test('serves all who can live with its age', async () => {
    const { shared, advance } = counted();

    const first = await Promise.all([shared.get(100), shared.get(100)]);
    advance(100);
    const second = await shared.get(100);
    advance(1);
    const third = await shared.get(100);

    expect([...first, second, third]).toEqual([1, 1, 1, 2]);
  });

  test('is fetched anew after something changed', async () => {
    const { shared } = counted();
    await shared.get(100);

    shared.invalidate();

    expect(await shared.get(100)).toBe(2);
  });

  test('a fetch that began before does not serve who wants a new one', async () => {
    let release = () => {};
    let calls = 0;
    let now = 0;
    const shared = sharedAnswer(
      async () => {
        calls += 1;
        const mine = calls;
        if (mine === 1) await new Promise<void>((resolve) => (release = resolve));
        return mine;
      },
      { now: () => now },
    );
    const old = shared.get(1_000);
    now = 5;
    const fresh = await shared.get(0);
    release();

    expect([fresh, await old]).toEqual([2, 1]);
    expect(await shared.get(1_000)).toBe(2);
  });

  test('a failure is not kept', async () => {
    let calls = 0;
    const shared = sharedAnswer(async () => {
      calls += 1;
      if (calls === 1) throw new Error('once');
      return calls;
    });

    await expect(shared.get(100)).rejects.toThrow('once');
    expect(await shared.get(100)).toBe(2);
  });

  test('who comes during the pause before a fetch shares that fetch, also after a change', async () => {
    let calls = 0;
    const pauses: (() => void)[] = [];
    const shared = sharedAnswer(async () => ++calls, {
      pauseMs: () => 5,
      sleep: () => new Promise<void>((resolve) => pauses.push(resolve)),
    });

    const first = shared.get(0);
    shared.invalidate();
    const second = shared.get(0);
    for (const resume of pauses) resume();

    expect(await Promise.all([first, second])).toEqual([1, 1]);
  });
});
