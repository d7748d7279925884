/** Evidence of a run in which every promise was kept: one training, two attempts, the first ended by a fault. Tests plant what is wrong. */
import type { Evidence, TrainingEvidence } from './evidence.ts';

export const TRAINING_ID = '01a1ff00-0000-7000-8000-00000000abcd';
const POD = 'tempera-chaos-800000000000abcd';
const SHA = 'a'.repeat(64);
const REPO = 'tempera-demo/chaos-7-0';

const training: TrainingEvidence = {
  index: 0,
  id: TRAINING_ID,
  repo: REPO,
  status: 'ready',
  phase: 'done',
  reason: null,
  message: null,
  workflow: 'COMPLETED',
  closedAtMs: 20_000,
  costMicroUsd: 300,
  actions: [],
  failures: [],
  faults: [{ kind: 'trainer-exit', costs: 'attempt', struck: true }],
  attempts: [
    {
      number: 1,
      status: 'failed',
      reason: 'TRAINER_ERROR',
      startedAtMs: 1_000,
      endedAtMs: 6_000,
      resumedFromStep: null,
      lastStep: 30,
    },
    {
      number: 2,
      status: 'succeeded',
      reason: null,
      startedAtMs: 7_000,
      endedAtMs: 15_000,
      resumedFromStep: 20,
      lastStep: 60,
    },
  ],
  saves: [{ attempt: 1, step: 20, homeAtMs: 4_000 }],
  ledger: [
    { name: `${POD}-a1p1`, externalId: 'one', costMicroUsd: 100, costSettled: true },
    { name: `${POD}-a2p1`, externalId: 'two', costMicroUsd: 200, costSettled: true },
  ],
  money: { settledMicroUsd: 300, reservedMicroUsd: 0 },
  artifact: [{ key: 'trainings/x/a.safetensors', wantedSha256: SHA, wantedBytes: 10, sha256: SHA, sizeBytes: 10 }],
  publications: [{ status: 'published', sha256: SHA }],
  readyEvents: 1,
};

const pod = (name: string, id: string, createdAtMs: number, deletedAtMs: number, costMicroUsd: number) => ({
  id,
  name: `${POD}-${name}`,
  createdAtMs,
  deletedAtMs,
  endedBy: 'deleted',
  billedSeconds: (deletedAtMs - createdAtMs) / 1_000,
  costMicroUsd,
});

export const KEPT: Evidence = {
  seed: 7,
  runs: 1,
  trainings: [training],
  outages: [],
  book: {
    nowMs: 60_000,
    pods: [pod('a1p1', 'one', 1_100, 5_900, 100), pod('a2p1', 'two', 7_100, 14_900, 200)],
    trainings: [
      { podId: 'one', startedAtMs: 1_500, endedAtMs: 5_000, resumedFromStep: null, lastStep: 30 },
      { podId: 'two', startedAtMs: 7_500, endedAtMs: 14_000, resumedFromStep: 20, lastStep: 60 },
    ],
    hubCommits: [
      {
        repo: REPO,
        oid: 'commit',
        files: [
          { path: 'chaos-7-0.safetensors', oid: SHA },
          { path: 'README.md', oid: 'b' },
        ],
      },
    ],
    costMicroUsd: 300,
  },
  tags: { [REPO]: 1 },
  leakAllowanceMs: 10_000,
  notAccepted: 0,
  durationMs: 20_000,
};

/** The kept evidence with other facts of its training. */
export function withTraining(facts: Partial<TrainingEvidence>): Evidence {
  return { ...KEPT, trainings: [{ ...training, ...facts }] };
}

/** The kept evidence with another book. */
export function withBook(facts: Partial<Evidence['book']>): Evidence {
  return { ...KEPT, book: { ...KEPT.book, ...facts } };
}
