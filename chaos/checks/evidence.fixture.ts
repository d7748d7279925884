/**
 * Evidence of a run in which every promise was kept: one training, two attempts, the first ended by a fault. Tests
 * plant what is wrong.
 */
import type { Evidence, TrainingEvidence } from '../evidence.ts';
import type { BookFile } from '../book.ts';
import type { FileKind } from './check-bytes.ts';

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
  kinds: ['trainer-exit', 'model:sdxl', 'publish:both'],
  planned: [],
  acts: [],
  phases: [
    { phase: 'queued', fromMs: 500, toMs: 1_000 },
    { phase: 'training', fromMs: 1_000, toMs: 20_000 },
    { phase: 'done', fromMs: 20_000, toMs: null },
  ],
  filesPerSave: 1,
  failures: [],
  faults: [{ kind: 'trainer-exit', costs: 'attempt', attempt: 1, struck: true }],
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
  saves: [
    { attempt: 1, step: 20, kind: 'weights', sha256: 'd'.repeat(64), homeAtMs: 3_900 },
    { attempt: 1, step: 20, kind: 'optimizer', sha256: 'e'.repeat(64), homeAtMs: 4_000 },
  ],
  home: [
    {
      attempt: 1,
      step: 20,
      kind: 'weights',
      key: 'trainings/x/20.safetensors',
      wantedSha256: 'd'.repeat(64),
      sha256: 'd'.repeat(64),
    },
    { attempt: 2, step: 40, kind: 'sample', key: 'trainings/x/40.jpg', wantedSha256: null, sha256: 'f'.repeat(64) },
  ],
  ledger: [
    { name: `${POD}-a1p1`, externalId: 'one', costMicroUsd: 100, costSettled: true },
    { name: `${POD}-a2p1`, externalId: 'two', costMicroUsd: 200, costSettled: true },
  ],
  money: { settledMicroUsd: 300, reservedMicroUsd: 0 },
  artifact: [{ key: 'trainings/x/a.safetensors', wantedSha256: SHA, wantedBytes: 10, sha256: SHA, sizeBytes: 10 }],
  destinations: ['huggingface', 's3'],
  publications: [
    { kind: 'huggingface', status: 'published', sha256: SHA },
    { kind: 's3', status: 'published', sha256: SHA },
  ],
  bucket: [SHA],
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

const PATHS = {
  weights: 'x_000000020.safetensors',
  'final-weights': 'x.safetensors',
  optimizer: 'optimizer.pt',
  sample: 'samples/1__000000040_0.jpg',
} as const;

function written(kind: FileKind, step: number, digit: string): BookFile {
  return { path: `/app/ai-toolkit/output/x/${PATHS[kind]}`, step, sha256: digit.repeat(64) };
}

export const KEPT: Evidence = {
  seed: 7,
  runs: 1,
  trainings: [training],
  outages: [],
  book: {
    nowMs: 60_000,
    pods: [pod('a1p1', 'one', 1_100, 5_900, 100), pod('a2p1', 'two', 7_100, 14_900, 200)],
    trainings: [
      {
        podId: 'one',
        startedAtMs: 1_500,
        endedAtMs: 5_000,
        resumedFromStep: null,
        lastStep: 30,
        lastSavedStep: 20,
        files: [written('weights', 20, 'd'), written('optimizer', 20, 'e')],
      },
      {
        podId: 'two',
        startedAtMs: 7_500,
        endedAtMs: 14_000,
        resumedFromStep: 20,
        lastStep: 60,
        lastSavedStep: 60,
        files: [
          written('weights', 40, 'b'),
          written('optimizer', 40, 'c'),
          written('sample', 40, 'f'),
          written('final-weights', 60, 'a'),
        ],
      },
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
    aliveNow: [],
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
