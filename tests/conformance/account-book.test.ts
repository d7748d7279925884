/** What the emulator notes of pods, time and money, by which other tests judge. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCloud } from './world.ts';
import type { TestWorld } from './world.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
let count = 0;

beforeAll(async () => {
  cloud = await startCloud();
});

afterAll(async () => cloud.close());

function world(config: object = {}): Promise<TestWorld> {
  count += 1;
  return cloud.world(`book-${count}`, config);
}

describe('the account book', () => {
  it('tells who lived when and what it cost, with the clock moved', async () => {
    const at = await world();
    const first = await at.pod('tempera-test-1-a1p1');
    await at.request('POST', `${at.url}/admin/clock`, { body: { advanceMs: 3_600_000 } });
    await at.runpod('DELETE', `/v2/pods/${first}`);
    await at.pod('tempera-test-1-a1p2');
    const book = await at.book();
    expect(book.maxAliveByNamePrefix).toEqual({ 'tempera-test-1-a1': 1 });
    expect(book.aliveNow).toMatchObject([{ name: 'tempera-test-1-a1p2' }]);
    expect(book.pods[0]!.billedSeconds).toBeCloseTo(3600, -1);
    expect(book.pods[0]!.costUsd).toBeCloseTo(0.74 + 60 * (0.1 / 730), 2);
    expect(book.requests['POST /v2/pods']).toBe(2);
  });

  it('adds up to the micro-dollar with the bills, whatever their buckets', async () => {
    const at = await world({ prices: { 'NVIDIA GeForce RTX 4090': { secure: 0.6937 } } });
    const pod = await at.pod('a');
    await at.advance(3 * 3_600_000 + 1234);
    await at.runpod('POST', `/v2/pods/${pod}/action`, { action: 'stop' });
    await at.advance(777);
    await at.runpod('POST', `/v2/pods/${pod}/action`, { action: 'start' });
    await at.advance(86_400_000 + 4321);
    await at.runpod('DELETE', `/v2/pods/${pod}`);

    const entry = (await at.book()).pods[0]!;
    const spans = entry.spans.map((span) => ({ ...span, ms: span.toMs! - span.fromMs }));
    expect(spans).toHaveLength(2);
    expect(entry.billedMs).toBe(spans.reduce((sum, span) => sum + span.ms, 0));
    const exact = spans.reduce(
      (sum, span) => sum + ((span.gpuUsdPerHour + span.diskUsdPerHour) * span.ms * 1e6) / 3_600_000,
      0,
    );
    expect(entry.costMicroUsd - exact).toBeGreaterThanOrEqual(0);
    expect(entry.costMicroUsd - exact).toBeLessThan(2);
    for (const [bucketSize, least] of [
      ['hour', 27],
      ['day', 2],
      ['year', 1],
    ] as const) {
      const { records, metadata } = (await at.runpod('GET', `/v2/billing/pods?podId=${pod}&bucketSize=${bucketSize}`))
        .body;
      const amounts = records.map(({ totalAmount }: { totalAmount: number }) => Math.round(totalAmount * 1e6));
      expect(amounts.length).toBeGreaterThanOrEqual(least);
      expect(amounts.reduce((sum: number, amount: number) => sum + amount, 0)).toBe(entry.costMicroUsd);
      expect(Math.round(metadata.totals.totalAmount * 1e6)).toBe(entry.costMicroUsd);
    }
    expect((await at.book()).costMicroUsd).toBe(entry.costMicroUsd);
  });

  it('sees two pods alive under one attempt', async () => {
    const at = await world();
    await at.pod('tempera-test-2-a1p1');
    await at.pod('tempera-test-2-a1p2');
    expect((await at.book()).maxAliveByNamePrefix).toEqual({ 'tempera-test-2-a1': 2 });
  });

  it('refuses faults and config keys that it does not know', async () => {
    const at = await world();
    await expect(at.fault({ at: 'pods.create', effect: 'typo' })).rejects.toThrow(/unknown effect/);
    await expect(at.configure({ typo: 1 } as object)).rejects.toThrow(/unknown config key/);
  });

  it('shows a page that says that all is emulated', async () => {
    const at = await world();
    await at.pod('tempera-page');
    const page = await fetch(new URL('/', at.url));
    expect(await page.text()).toMatch(/Everything here is emulated; no weights are trained[^]*tempera-page/);
  });

  it('forgets a dropped world', async () => {
    const at = await world();
    await at.pod('a');
    expect((await fetch(at.url, { method: 'DELETE' })).status).toBe(204);
    expect((await at.book()).posts).toEqual([]);
  });
});
