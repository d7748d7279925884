/** What a running pod reports about its training. Only the pod in use by the current attempt is believed. */
import type { Artifact } from '../../core/artifact.ts';
import type { Database } from '../client.ts';
import type { Prisma } from '../generated/client.ts';

/** The reporting pod. Only the pod in use by the current attempt is believed. */
export interface Reporter {
  readonly trainingId: string;
  readonly attempt: number;
  readonly podName: string;
}

/**
 * The training's row, as long as this pod is the one in use: its attempt is open and the latest, nobody has requested
 * its termination.
 */
const inUse = ({ trainingId, attempt, podName }: Reporter) =>
  ({
    id: trainingId,
    attempt,
    attempts: {
      some: { number: attempt, endedAt: null, pods: { some: { name: podName, terminateAskedAt: null } } },
      none: { number: { gt: attempt } },
    },
  }) satisfies Prisma.LoraModelWhereInput;

export interface Progress extends Reporter {
  readonly step: number;
  readonly totalSteps: number;
  readonly loss: number | null;
  readonly secondsPerStep: number | null;
  readonly estimatedEndAt: Date | null;
  /** Cost of the training so far, including the running pod. */
  readonly costMicroUsd: number;
}

/**
 * The training's progress; no event, since the next one replaces it. False when the pod is no longer the one in use.
 */
export async function recordProgress(database: Database, progress: Progress): Promise<boolean> {
  const { count } = await database.loraModel.updateMany({
    where: inUse(progress),
    data: {
      progressStep: progress.step,
      progressTotal: progress.totalSteps,
      loss: progress.loss,
      secondsPerStep: progress.secondsPerStep,
      estimatedEndAt: progress.estimatedEndAt,
      costMicroUsd: progress.costMicroUsd,
    },
  });
  return count === 1;
}

/** The verified LoRA is in our store. False when it comes from a pod that is no longer the one in use. */
export async function recordArtifact(database: Database, reporter: Reporter, artifact: Artifact): Promise<boolean> {
  const [first] = artifact.files;
  const { count } = await database.loraModel.updateMany({
    where: inUse(reporter),
    data: {
      artifact: artifact as unknown as Prisma.InputJsonValue,
      modelPath: first?.key ?? null,
      modelSha256: first?.sha256 ?? null,
      modelBytes: first?.sizeBytes ?? null,
      progressStep: artifact.step,
    },
  });
  return count === 1;
}

/** The GPU type that the training is currently running on. */
export async function recordGpu(database: Database, trainingId: string, gpu: string | null): Promise<void> {
  await database.loraModel.update({ where: { id: trainingId }, data: { gpu } });
}

export async function recordJob(database: Database, trainingId: string, jobId: string): Promise<void> {
  await database.loraModel.update({ where: { id: trainingId }, data: { externalJobId: jobId } });
}
