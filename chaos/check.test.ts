/** The checks can fail: each kind of violation is planted, and only that one is found. */
import { describe, expect, test } from 'vitest';
import { checkEvidence } from './check.ts';
import { KEPT, TRAINING_ID, withBook, withTraining } from './evidence.fixture.ts';
import type { Evidence } from './evidence.ts';
import { VIOLATIONS } from './violation.ts';
import type { ViolationCode } from './violation.ts';

const [training] = KEPT.trainings;
const { pods, trainings: trainers, hubCommits } = KEPT.book;
const file = training!.artifact[0]!;
const [firstPod, secondPod] = [pods[0]!, pods[1]!];
const lateMs = training!.closedAtMs! + KEPT.leakAllowanceMs + 5_000;

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
  ['ARTIFACT_LOST', 'the file is gone', withTraining({ artifact: [{ ...file, sha256: null, sizeBytes: null }] })],
  ['ARTIFACT_LOST', 'the file is cut', withTraining({ artifact: [{ ...file, sha256: 'c'.repeat(64), sizeBytes: 9 }] })],
  ['ARTIFACT_LOST', 'other bytes', withTraining({ artifact: [{ ...file, sha256: 'c'.repeat(64) }] })],
  ['NOT_PUBLISHED', 'the record says failed', withTraining({ publications: [{ status: 'failed', sha256: null }] })],
  ['NOT_PUBLISHED', 'the hub has nothing', withBook({ hubCommits: [] })],
  ['NOT_PUBLISHED', 'the commit has no version', { ...KEPT, tags: {} }],
  ['PUBLISHED_TWICE', 'two commits of the same weights', withBook({ hubCommits: [...hubCommits, ...hubCommits] })],
  ['PUBLISHED_TWICE', 'two versions', { ...KEPT, tags: { [training!.repo]: 2 } }],
  ['READY_TWICE', 'two events', withTraining({ readyEvents: 2 })],
  [
    'ATTEMPT_WITHOUT_CAUSE',
    'the fault never struck',
    withTraining({ faults: [{ kind: 'trainer-exit', costs: 'attempt', struck: false }] }),
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
  ['SAVE_FORGOTTEN', 'a newer save was at home', withTraining({ saves: [{ attempt: 1, step: 25, homeAtMs: 4_500 }] })],
  [
    'RESUME_UNTRUE',
    'the trainer began at zero',
    withBook({ trainings: [trainers[0]!, { ...trainers[1]!, resumedFromStep: null, lastStep: 60 }] }),
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
    const actions = [{ action: 'cancel', taken: true, atMs: 5_000 }] as const;
    const evidence = withTraining({ workflow: 'CANCELLED', status: 'cancelled', actions });

    expect(checkEvidence(evidence)).toEqual([]);
  });

  test('accept a failure when all three attempts were struck', () => {
    const fault = { kind: 'trainer-exit', costs: 'attempt', struck: true } as const;

    expect(checkEvidence(withTraining({ faults: [fault, fault, fault], failures: ['TRAINER_ERROR'] }))).toEqual([]);
  });

  test('do not count the time in which nobody could sweep as a leak', () => {
    const outages = [{ kind: 'temporal-restart', fromMs: 20_000, toMs: 26_000, done: true }];
    const late = { pods: [firstPod, { ...secondPod, deletedAtMs: lateMs }] };

    expect(checkEvidence({ ...withBook(late), outages })).toEqual([]);
  });

  test('name the training', () => {
    expect(checkEvidence(withTraining({ readyEvents: 0 }))[0]?.trainingId).toBe(TRAINING_ID);
  });
});
