/** Gathers the evidence of a run from the database, the store, Temporal and the emulator's account book. */
import { createHash } from 'node:crypto';
import { trainingWorkflowId } from '../workflows/contract.ts';
import { optimizerFilename } from '../core/checkpoint.ts';
import type { Artifact } from '../core/artifact.ts';
import type { Evidence, SaveEvidence, StoredFile, TrainingEvidence } from './evidence.ts';
import type { Played } from './play.ts';
import type { ChaosPlan } from './plan.ts';
import { patiently } from './play-training.ts';
import type { PlayedTraining } from './play-training.ts';
import { SWEEP } from './stack.ts';
import type { ChaosStack } from './stack.ts';

/** A sweep on a busy machine, with a vendor that answers its list at the second or third try. Milliseconds. */
const SWEEP_TAKES_MS = 15_000;

/** Reads everything; the installation must be at rest. */
export async function collectEvidence(stack: ChaosStack, plan: ChaosPlan, played: Played): Promise<Evidence> {
  const hits = new Map((await stack.world.faults()).map(({ id, hits: count, skip = 0 }) => [id, count > skip]));
  const trainings: TrainingEvidence[] = [];
  for (const one of played.trainings) trainings.push(await collectTraining(stack, one, hits));
  const { hub } = await stack.world.state();
  return {
    seed: plan.seed,
    runs: plan.runs,
    trainings: trainings.toSorted((a, b) => a.index - b.index),
    outages: played.outages,
    book: await stack.world.book(),
    tags: Object.fromEntries(hub.repos.map(({ id, tags }) => [id, Object.keys(tags).length])),
    leakAllowanceMs: (SWEEP.intervalSeconds + SWEEP.graceSeconds) * 1_000 + SWEEP_TAKES_MS,
    notAccepted: plan.runs - played.trainings.length,
    durationMs: played.endedAtMs - played.startedAtMs,
  };
}

async function collectTraining(
  { rows, workflows, store }: ChaosStack,
  { id, repo, planned, actions, faultIds, failures }: PlayedTraining,
  hits: ReadonlyMap<string, boolean>,
): Promise<TrainingEvidence> {
  const row = await rows.loraModel.findUniqueOrThrow({
    where: { id },
    include: {
      publications: true,
      attempts: { include: { pods: true, checkpoints: true }, orderBy: { number: 'asc' } },
    },
  });
  const described = await patiently(() => workflows.getHandle(trainingWorkflowId(id)).describe());
  const artifact = row.artifact as unknown as Artifact | null;
  const files: StoredFile[] = [];
  for (const file of artifact?.files ?? [])
    files.push({
      key: file.key,
      wantedSha256: file.sha256,
      wantedBytes: file.sizeBytes,
      ...(await bytesOf(store.objects, file.key)),
    });
  return {
    index: planned.index,
    id,
    repo,
    status: row.status,
    phase: row.phase,
    reason: row.reason,
    message: row.message,
    workflow: described.status.name,
    closedAtMs: described.closeTime?.getTime() ?? null,
    costMicroUsd: Number(row.costMicroUsd),
    actions,
    failures,
    faults: planned.faults.map(({ kind, costs }, index) => ({
      kind,
      costs,
      struck: (faultIds[index] ?? []).some((faultId) => hits.get(faultId) === true),
    })),
    attempts: row.attempts.map((attempt) => ({
      number: attempt.number,
      status: attempt.status,
      reason: attempt.reason,
      startedAtMs: attempt.startedAt.getTime(),
      endedAtMs: attempt.endedAt?.getTime() ?? null,
      resumedFromStep: attempt.resumedFromStep,
      lastStep: attempt.lastStep,
    })),
    saves: row.attempts.flatMap(({ number, checkpoints }) => wholeSaves(number, checkpoints)),
    ledger: row.attempts.flatMap(({ pods }) =>
      pods.map(({ name, externalId, costMicroUsd, costSettled }) => ({
        name,
        externalId,
        costMicroUsd: Number(costMicroUsd),
        costSettled,
      })),
    ),
    money: {
      settledMicroUsd: await booked(rows, id, ['settle']),
      reservedMicroUsd: await booked(rows, id, ['reserve', 'release']),
    },
    artifact: files,
    publications: row.publications.map(({ status, sha256 }) => ({ status, sha256 })),
    readyEvents: await rows.outboxEvent.count({ where: { loraModelId: id, topic: 'training.ready' } }),
  };
}

async function booked(rows: ChaosStack['rows'], id: string, kinds: ('settle' | 'reserve' | 'release')[]) {
  const { _sum } = await rows.moneyEntry.aggregate({
    where: { loraModelId: id, kind: { in: kinds } },
    _sum: { amountMicroUsd: true },
  });
  return Number(_sum.amountMicroUsd ?? 0n);
}

interface CheckpointRow {
  readonly step: number;
  readonly filename: string;
  readonly mirroredAt: Date;
}

function wholeSaves(attempt: number, rows: readonly CheckpointRow[]): SaveEvidence[] {
  return rows.flatMap(({ step, filename, mirroredAt }) => {
    if (filename !== optimizerFilename(step)) return [];
    const weights = rows.filter((row) => row.step === step && row.filename !== filename);
    if (weights.length === 0) return [];
    const homeAtMs = Math.max(mirroredAt.getTime(), ...weights.map((row) => row.mirroredAt.getTime()));
    return [{ attempt, step, homeAtMs }];
  });
}

/** Hash and size of the bytes that are really there: what the store says of them is not asked. */
async function bytesOf(objects: ChaosStack['store']['objects'], key: string) {
  const object = await objects.get(key);
  if (object === null) return { sha256: null, sizeBytes: null };
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of object.body) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).byteLength;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}
