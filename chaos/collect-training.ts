/** The evidence of one training. */
import { createHash } from 'node:crypto';
import type { Artifact } from '../core/artifact.ts';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { optimizerFilename } from '../core/checkpoint.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import { trainingWorkflowId } from '../workflows/contract.ts';
import type { HomeFile, PhaseEvidence, SaveEvidence, StoredFile, TrainingEvidence } from './evidence.ts';
import { patiently } from './patience.ts';
import type { PlayedTraining } from './play-training.ts';
import type { SavedFile } from './save-log.ts';
import type { ChaosStack } from './stack.ts';

interface Known {
  readonly wasHit: (faultIds: readonly string[]) => boolean;
  /** What was seen in our store during the run. */
  readonly saved: readonly SavedFile[];
}

export async function collectTraining(
  stack: ChaosStack,
  { id, repo, planned, destinations, acts, faultIds, failures }: PlayedTraining,
  { wasHit, saved }: Known,
): Promise<TrainingEvidence> {
  const { rows, workflows, store } = stack;
  const row = await rows.loraModel.findUniqueOrThrow({
    where: { id },
    include: {
      publications: { orderBy: { position: 'asc' } },
      attempts: { include: { pods: true, checkpoints: true, samples: true }, orderBy: { number: 'asc' } },
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
    kinds: planned.kinds,
    planned: planned.acts.map(({ kind }) => ({ kind, struck: acts.some((act) => act.kind === kind && act.taken) })),
    acts,
    phases: await phasesOf(stack, id),
    filesPerSave: BASE_MODEL_FACTS[planned.request.baseModel].filesPerCheckpoint,
    failures,
    faults: planned.faults.map(({ kind, costs, attempt }, index) => ({
      kind,
      costs,
      attempt,
      struck: wasHit(faultIds[index] ?? []),
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
    saves: saved.map(toSave),
    home: await homeOf(store.objects, row.attempts),
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
    destinations,
    publications: row.publications.map(({ target, status, sha256 }) => ({
      kind: target,
      status,
      sha256,
    })),
    bucket: await bucketOf(stack, id),
    readyEvents: await rows.outboxEvent.count({ where: { loraModelId: id, topic: 'training.ready' } }),
  };
}

function toSave({ attempt, step, filename, sha256, homeAtMs }: SavedFile): SaveEvidence {
  return { attempt, step, kind: kindOf(step, filename), sha256, homeAtMs };
}

function kindOf(step: number, filename: string): 'weights' | 'optimizer' {
  return filename === optimizerFilename(step) ? 'optimizer' : 'weights';
}

interface AttemptFiles {
  readonly number: number;
  readonly checkpoints: readonly {
    readonly step: number;
    readonly filename: string;
    readonly sha256: string;
    readonly storageKey: string;
  }[];
  readonly samples: readonly { readonly step: number; readonly storageKey: string }[];
}

async function homeOf(objects: ObjectStore, attempts: readonly AttemptFiles[]): Promise<HomeFile[]> {
  const files = attempts.flatMap(({ number: attempt, checkpoints, samples }) => [
    ...checkpoints.map(({ step, filename, sha256, storageKey: key }) => ({
      attempt,
      step,
      kind: kindOf(step, filename),
      key,
      wantedSha256: sha256,
    })),
    ...samples.map(({ step, storageKey: key }) => ({
      attempt,
      step,
      kind: 'sample' as const,
      key,
      wantedSha256: null,
    })),
  ]);
  return await Promise.all(files.map(async (file) => ({ ...file, sha256: (await bytesOf(objects, file.key)).sha256 })));
}

const WAITS_FOR = { 'training.paused': 'paused', 'training.failed': 'awaiting_retry' } as const;

async function phasesOf({ rows }: ChaosStack, id: string): Promise<PhaseEvidence[]> {
  const events = await rows.outboxEvent.findMany({ where: { loraModelId: id }, orderBy: { seq: 'asc' } });
  const starts = events.flatMap(({ topic, payload, createdAt }) => {
    const named = (payload as { phase?: unknown }).phase;
    const phase = WAITS_FOR[topic as keyof typeof WAITS_FOR] ?? (typeof named === 'string' ? named : null);
    const isEnd = topic === 'training.ready' || topic === 'training.cancelled';
    return isEnd || phase !== null ? [{ phase: isEnd ? 'done' : phase, fromMs: createdAt.getTime() }] : [];
  });
  return starts.map((start, index) => ({ ...start, toMs: starts[index + 1]?.fromMs ?? null }));
}

/** What lies in the publishing bucket under the training's default key. */
async function bucketOf({ store: { published } }: ChaosStack, id: string): Promise<string[]> {
  if (published === null) return [];
  const hashes: string[] = [];
  for (const key of await published.list(`lora/${id}`)) hashes.push((await bytesOf(published, key)).sha256 ?? '');
  return hashes;
}

async function booked(rows: ChaosStack['rows'], id: string, kinds: ('settle' | 'reserve' | 'release')[]) {
  const { _sum } = await rows.moneyEntry.aggregate({
    where: { loraModelId: id, kind: { in: kinds } },
    _sum: { amountMicroUsd: true },
  });
  return Number(_sum.amountMicroUsd ?? 0n);
}

/** Hash and size of the bytes that are really there, not what the store says about them. */
async function bytesOf(objects: ObjectStore, key: string) {
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
