import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from './fault-kinds.ts';
import { BREAKS, OUTAGE_KINDS } from './outage-kinds.ts';
import { ACT_KINDS } from './act-kinds.ts';
import { pairName, pairsOf } from './cover.ts';
import { canMeet, drawPlan } from './plan.ts';
import { OUTAGE_PHASES } from './plan-outages.ts';
import { REQUEST_DIMENSIONS } from './request-kinds.ts';

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
    for (const { faults } of drawPlan({ seed: 5, runs: 1_000 }).trainings) {
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
    expect(trainings.flatMap(({ acts }) => acts)).toEqual([]);
    expect(new Set(trainings.map(({ request }) => request.baseModel)).size).toBe(4);
  });

  test('holds only the model that was asked for', () => {
    const { trainings } = drawPlan({ seed: 7, runs: 50, only: ['model:wan-2.2', 'cancel'] });

    expect(new Set(trainings.map(({ request }) => request.baseModel))).toEqual(new Set(['wan-2.2']));
    expect(new Set(trainings.flatMap(({ acts }) => acts.map(({ kind }) => kind)))).toEqual(new Set(['cancel']));
  });

  test.each([1, 2, 3, 20261121, 198872470])(
    'of a thousand trainings brings every two kinds together (seed %i)',
    (seed) => {
      const met = new Set(drawPlan({ seed, runs: 1_000 }).trainings.flatMap(({ kinds }) => pairsOf(kinds)));
      const kinds = [...Object.keys(FAULT_KINDS), ...Object.keys(ACT_KINDS), ...REQUEST_DIMENSIONS.flat()];
      const possible = kinds.flatMap((one, index) =>
        kinds
          .slice(index + 1)
          .filter((other) => canMeet(one, other))
          .map((other) => pairName(one, other)),
      );

      expect(possible.length).toBeGreaterThan(1_500);
      expect(possible.filter((pair) => !met.has(pair))).toEqual([]);
    },
  );

  test.each([1, 2, 3])('of a thousand trainings meets every outage in every phase (seed %i)', (seed) => {
    const { outages } = drawPlan({ seed, runs: 1_000 });

    for (const kind of Object.keys(OUTAGE_KINDS))
      expect(new Set(outages.filter((one) => one.kind === kind).map(({ phase }) => phase))).toEqual(
        new Set(OUTAGE_PHASES),
      );
  });

  test('says words twice, and takes a pause back at once', () => {
    const acts = drawPlan({ seed: 7, runs: 400 }).trainings.flatMap((training) => training.acts);
    const said = new Set(acts.map(({ verbs }) => verbs.map(({ verb }) => verb).join()));

    for (const words of [
      'pause,pause',
      'resume,resume',
      'save-now,save-now',
      'raise,raise',
      'retry,retry',
      'reset,reset',
    ])
      expect(said).toContain(words);
    expect(acts.some(({ kind, verbs }) => kind === 'pause-resume' && verbs[1]?.afterMs === 0)).toBe(true);
  });

  test('refuses a fault that does not exist', () => {
    expect(() => drawPlan({ seed: 7, runs: 1, only: ['gremlin'] })).toThrow(/There is no fault gremlin/);
  });
});

test('every break of ours is a kind of outage', () => {
  for (const kind of BREAKS) expect(OUTAGE_KINDS[kind]?.faults).toBeUndefined();
});
