import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from './fault-kinds.ts';
import { BREAKS, OUTAGE_KINDS } from './outage-kinds.ts';
import { drawPlan } from './plan.ts';

describe('a plan', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(drawPlan({ seed: 7, runs: 50 })).toEqual(drawPlan({ seed: 7, runs: 50 }));
    expect(drawPlan({ seed: 7, runs: 50 })).not.toEqual(drawPlan({ seed: 8, runs: 50 }));
  });

  test('begins with the same trainings when it is longer', () => {
    const short = drawPlan({ seed: 7, runs: 10 });

    expect(drawPlan({ seed: 7, runs: 20 }).trainings.slice(0, 10)).toEqual(short.trainings);
  });

  test('of two hundred trainings holds every kind of outage, and of a thousand every kind of fault', () => {
    const kinds = drawPlan({ seed: 3, runs: 1_000 }).trainings.flatMap(({ faults }) => faults.map(({ kind }) => kind));
    const outages = drawPlan({ seed: 3, runs: 200 }).outages.map(({ kind }) => kind);

    expect(new Set(kinds)).toEqual(new Set(Object.keys(FAULT_KINDS)));
    expect(new Set(outages)).toEqual(new Set(Object.keys(OUTAGE_KINDS)));
  });

  test('gives an attempt one fault that ends it and at most one that costs a pod', () => {
    for (const { faults } of drawPlan({ seed: 5, runs: 300 }).trainings) {
      for (const costs of ['attempt', 'pod'] as const) {
        const attempts = faults.filter((fault) => fault.costs === costs).map(({ attempt }) => attempt);
        expect(new Set(attempts).size).toBe(attempts.length);
      }
    }
  });

  test('holds only what was asked for', () => {
    const { trainings, outages } = drawPlan({ seed: 7, runs: 100, only: ['trainer-oom', 'worker-kill'] });

    expect(new Set(trainings.flatMap(({ faults }) => faults.map(({ kind }) => kind)))).toEqual(
      new Set(['trainer-oom']),
    );
    expect(new Set(outages.map(({ kind }) => kind))).toEqual(new Set(['worker-kill']));
    expect(trainings.flatMap(({ actions }) => actions)).toEqual([]);
  });

  test('refuses a fault that does not exist', () => {
    expect(() => drawPlan({ seed: 7, runs: 1, only: ['gremlin'] })).toThrow(/There is no fault gremlin/);
  });
});

test('every break of ours is a kind of outage', () => {
  for (const kind of BREAKS) expect(OUTAGE_KINDS[kind]?.faults).toBeUndefined();
});
