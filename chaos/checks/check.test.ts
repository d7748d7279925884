/** The checks can fail: each kind of violation is planted, and only that one is found. */
import { describe, expect, test } from 'vitest';
import type { Evidence, OutageEvidence } from '../evidence.ts';
import { kindOf } from './check-bytes.ts';
import { checkEvidence } from './check.ts';
import { KEPT, TRAINING_ID, withBook, withTraining } from './evidence.fixture.ts';
import { VIOLATIONS } from './violation.ts';
import type { ViolationCode } from './violation.ts';

const [training] = KEPT.trainings;
const { pods, trainings: trainers, hubCommits } = KEPT.book;
const file = training!.artifact[0]!;
const [firstPod, secondPod] = [pods[0]!, pods[1]!];
const lateMs = training!.closedAtMs! + KEPT.leakAllowanceMs + 5_000;

const [save, optimizer] = [training!.saves[0]!, training!.saves[1]!];
const [kept, sample] = [training!.home[0]!, training!.home[1]!];
const [ofHub, ofBucket] = [training!.publications[0]!, training!.publications[1]!];

function times<Item>(count: number, make: (nth: number) => Item): Item[] {
  return Array.from({ length: count }, (_, nth) => make(nth));
}

function fault(kind: string, struck: boolean) {
  return { kind, costs: 'nothing', attempt: 1, struck } as const;
}

function outage(facts: Partial<OutageEvidence>): OutageEvidence {
  return { kind: 'list-500', fromMs: 30_000, toMs: 30_000, done: true, struck: true, ...facts };
}

/** The second pod's final file was another one. */
function withFinal(digit: string, evidence: Evidence): Evidence {
  const [first, second] = [trainers[0]!, trainers[1]!];
  const files = second.files.map((one) =>
    kindOf(one) === 'final-weights' ? { ...one, sha256: digit.repeat(64) } : one,
  );
  return { ...evidence, book: { ...evidence.book, trainings: [first, { ...second, files }] } };
}

/** The first pod had another save, which never reached our store. */
function withPodSave(step: number): Evidence {
  const [first, second] = [trainers[0]!, trainers[1]!];
  const files = [...first.files, ...first.files.map((one) => ({ ...one, step }))];
  return withBook({ trainings: [{ ...first, files, lastSavedStep: step }, second] });
}

const PLANTED: readonly [ViolationCode, string, Evidence][] = [
  ['NOT_ACCEPTED', 'a training is missing', { ...KEPT, runs: 2, notAccepted: 1 }],
  ['NOT_ENDED', 'a workflow still runs', withTraining({ workflow: 'RUNNING', status: 'training' })],
  ['ROW_DISAGREES', 'the row says ready, the workflow was cancelled', withTraining({ workflow: 'CANCELLED' })],
  [
    'NOT_READY',
    'it was cancelled and nobody had asked for it',
    withTraining({ workflow: 'CANCELLED', status: 'cancelled', reason: 'CANCELLED' }),
  ],
  [
    'NOT_READY',
    'it failed for good after one fault',
    withTraining({ workflow: 'FAILED', status: 'failed', reason: 'INTERNAL' }),
  ],
  ['NOT_READY', 'it failed after one fault and was retried', withTraining({ failures: ['POD_LOST'] })],
  ['ARTIFACT_LOST', 'one of two files is missing', withTraining({ filesPerSave: 2, saves: [] })],
  ['ARTIFACT_LOST', 'the file is gone', withTraining({ artifact: [{ ...file, sha256: null, sizeBytes: null }] })],
  [
    'ARTIFACT_LOST',
    'the file is cut',
    withFinal('c', withTraining({ artifact: [{ ...file, sha256: 'c'.repeat(64), sizeBytes: 9 }] })),
  ],
  ['ARTIFACT_LOST', 'other bytes', withFinal('c', withTraining({ artifact: [{ ...file, sha256: 'c'.repeat(64) }] }))],
  ['BYTES_DIFFER', 'the pod had another final file', withFinal('c', KEPT)],
  [
    'BYTES_DIFFER',
    'a save came home with other bytes',
    withTraining({ saves: [{ ...save, sha256: 'b'.repeat(64) }, optimizer] }),
  ],
  ['BYTES_DIFFER', 'a save that is kept is gone', withTraining({ home: [{ ...kept, sha256: null }] })],
  ['BYTES_DIFFER', 'a save that is kept has changed', withTraining({ home: [{ ...kept, sha256: 'b'.repeat(64) }] })],
  ['BYTES_DIFFER', 'a sample that no pod has made', withTraining({ home: [{ ...sample, sha256: 'b'.repeat(64) }] })],
  [
    'NOT_PUBLISHED',
    'the record says failed',
    withTraining({ publications: [{ kind: 'huggingface', status: 'failed', sha256: null }, ofBucket] }),
  ],
  ['NOT_PUBLISHED', 'a destination has no record', withTraining({ publications: [ofHub] })],
  ['NOT_PUBLISHED', 'the bucket has nothing', withTraining({ bucket: [] })],
  ['NOT_PUBLISHED', 'the bucket has other bytes', withTraining({ bucket: ['c'.repeat(64)] })],
  ['PUBLISHED_TWICE', 'two objects', withTraining({ bucket: [file.sha256!, file.sha256!] })],
  ['NOT_PUBLISHED', 'the hub has nothing', withBook({ hubCommits: [] })],
  ['NOT_PUBLISHED', 'the commit has no version', { ...KEPT, tags: {} }],
  ['PUBLISHED_TWICE', 'two commits of the same weights', withBook({ hubCommits: [...hubCommits, ...hubCommits] })],
  ['PUBLISHED_TWICE', 'two versions', { ...KEPT, tags: { [training!.repo]: 2 } }],
  ['READY_TWICE', 'two events', withTraining({ readyEvents: 2 })],
  [
    'ATTEMPT_WITHOUT_CAUSE',
    'the fault never struck',
    withTraining({ faults: [{ ...training!.faults[0]!, struck: false }] }),
  ],
  ['TRAINED_TWICE', 'two trainers on a pod', withBook({ trainings: [...trainers, trainers[1]!] })],
  [
    'DUPLICATE_PODS',
    'the second pod came before the first one ended',
    withBook({ pods: [firstPod, { ...secondPod, createdAtMs: firstPod.deletedAtMs! - 1 }] }),
  ],
  ['LEAKED_POD', 'a pod outlived its training', withBook({ pods: [firstPod, { ...secondPod, deletedAtMs: lateMs }] })],
  ['LEAKED_POD', 'a pod is alive at the end', withBook({ pods: [firstPod, { ...secondPod, deletedAtMs: null }] })],
  [
    'LEAKED_POD',
    'a pod of nobody',
    withBook({ pods: [...pods, { ...firstPod, id: 'three', name: 'tempera-chaos-0000000000000000-a1p1' }] }),
  ],
  [
    'NOT_IN_LEDGER',
    'a pod that we do not know',
    withTraining({
      ledger: [training!.ledger[1]!],
      costMicroUsd: 200,
      money: { settledMicroUsd: 200, reservedMicroUsd: 0 },
    }),
  ],
  [
    'MONEY_DIFFERS',
    'one micro-dollar',
    withBook({ pods: [{ ...firstPod, costMicroUsd: firstPod.costMicroUsd + 1 }, secondPod] }),
  ],
  [
    'MONEY_DIFFERS',
    'an estimate that was never settled',
    withTraining({ ledger: [{ ...training!.ledger[0]!, costSettled: false }, training!.ledger[1]!] }),
  ],
  ['MONEY_DIFFERS', 'the training has another sum', withTraining({ costMicroUsd: 299 })],
  [
    'MONEY_DIFFERS',
    'the money ledger has another sum',
    withTraining({ money: { settledMicroUsd: 301, reservedMicroUsd: 0 } }),
  ],
  [
    'MONEY_DIFFERS',
    'money is still set aside',
    withTraining({ money: { settledMicroUsd: 300, reservedMicroUsd: 50 } }),
  ],
  [
    'SAVE_FORGOTTEN',
    'a newer save was at home',
    withTraining({ saves: [save, optimizer, { ...save, step: 25 }, { ...optimizer, step: 25 }] }),
  ],
  ['SAVE_LEFT', 'the pod had a newer save', withPodSave(25)],
  [
    'RESUME_UNTRUE',
    'the trainer began at zero',
    withBook({ trainings: [trainers[0]!, { ...trainers[1]!, resumedFromStep: null, lastStep: 60 }] }),
  ],
  [
    'TOO_LITTLE_STRUCK',
    'most faults did not strike',
    withTraining({ faults: [...training!.faults, ...times(30, (nth) => fault(`fault ${nth}`, false))] }),
  ],
  [
    'TOO_LITTLE_STRUCK',
    'one kind of fault never struck',
    withTraining({
      faults: [
        ...training!.faults,
        ...times(40, () => fault('create-500', true)),
        ...times(20, () => fault('ghost', false)),
      ],
    }),
  ],
  [
    'TOO_LITTLE_STRUCK',
    'most acts were not taken',
    withTraining({ planned: times(20, (nth) => ({ kind: `act ${nth}`, struck: nth === 0 })) }),
  ],
  [
    'TOO_LITTLE_STRUCK',
    'most outages were not met',
    { ...KEPT, outages: times(20, (nth) => outage({ kind: `outage ${nth}`, struck: nth === 0 })) },
  ],
  [
    'TOO_LITTLE_STRUCK',
    'acts and faults did not meet',
    withTraining({
      faults: [...training!.faults, ...times(20, (nth) => fault(`fault ${nth}`, nth < 11))],
      planned: times(19, (nth) => ({ kind: `act ${nth}`, struck: nth < 7 })),
    }),
  ],
];

describe('the checks', () => {
  test('find nothing where every promise was kept', () => {
    expect(checkEvidence(KEPT)).toEqual([]);
  });

  test.each(PLANTED)('find %s: %s', (code, _, evidence) => {
    const found = checkEvidence(evidence);

    expect(found.map((violation) => violation.code)).toEqual([code]);
  });

  test('are all able to fail', () => {
    expect(new Set(PLANTED.map(([code]) => code))).toEqual(new Set(Object.keys(VIOLATIONS)));
  });

  test('accept a training that a person has ended', () => {
    const acts = [{ kind: 'cancel', verb: 'cancel', taken: true, atMs: 5_000 }] as const;
    const evidence = withTraining({ workflow: 'CANCELLED', status: 'cancelled', acts });

    expect(checkEvidence(evidence)).toEqual([]);
  });

  test('accept a failure when all three attempts were struck', () => {
    const fault = training!.faults[0]!;

    expect(checkEvidence(withTraining({ faults: [fault, fault, fault], failures: ['TRAINER_ERROR'] }))).toEqual([]);
  });

  test('accept a trainer that ended before its first step beside the one that trained', () => {
    const twice = withBook({ trainings: [...trainers, { ...trainers[1]!, lastStep: 0 }] });

    expect(checkEvidence(twice)).toEqual([]);
  });

  test('do not count the time in which nobody could sweep as a leak', () => {
    const outages = [outage({ kind: 'temporal-restart', fromMs: 20_000, toMs: 26_000 })];
    const late = { pods: [firstPod, { ...secondPod, deletedAtMs: lateMs }] };

    expect(checkEvidence({ ...withBook(late), outages })).toEqual([]);
  });

  test.each([
    [
      'a person had done something',
      { ...training!, acts: [{ kind: 'pause', verb: 'pause', taken: true, atMs: 4_000 }] },
      [],
    ],
    ['the pod had vanished', { ...training!, faults: [...training!.faults, fault('pod-vanishes', true)] }, []],
    ['an outage was felt', training!, [outage({ kind: 'store-503', fromMs: 5_100, toMs: 5_200 })]],
  ] as const)('accept a save that was left on a pod when %s', (_, facts, outages) => {
    expect(checkEvidence({ ...withPodSave(25), trainings: [facts], outages })).toEqual([]);
  });

  test('accept that a cancelled training stays so when its run is reset', () => {
    const acts = (['cancel', 'reset'] as const).map((verb) => ({ kind: verb, verb, taken: true, atMs: 5_000 }));

    expect(checkEvidence(withTraining({ workflow: 'FAILED', status: 'cancelled', acts }))).toEqual([]);
  });

  test('accept that a run that was reset trains again in its attempt, but not beside the first trainer', () => {
    const acts = [{ kind: 'reset', verb: 'reset', taken: true, atMs: 5_000 }] as const;
    const [, trainer] = trainers;
    const again = (startedAtMs: number) => {
      const next = { ...trainer!, startedAtMs, endedAtMs: startedAtMs + 100 };
      const reset = withTraining({ acts }).trainings;
      return checkEvidence({ ...withBook({ trainings: [...trainers, next] }), trainings: reset });
    };

    expect(again(trainer!.endedAtMs!)).toEqual([]);
    expect(again(trainer!.endedAtMs! - 1).map(({ code }) => code)).toContain('TRAINED_TWICE');
  });

  test('name the training', () => {
    expect(checkEvidence(withTraining({ readyEvents: 0 }))[0]?.trainingId).toBe(TRAINING_ID);
  });
});
