/**
 * The ledger of pods: a row is committed before the vendor is asked, and closed only when the pod is confirmed gone.
 */
import type { Database } from '../client.ts';
import { openAttempt } from './attempts.ts';
import { POD_FIELDS, toPodRow } from './pod-row.ts';
import type { PodRow } from './pod-row.ts';

/** Commits the intent to rent a pod with this name; finds the row if it was already committed. */
export async function reservePod(
  database: Database,
  params: { trainingId: string; attempt: number; name: string },
): Promise<PodRow> {
  const attemptId = await openAttempt(database, params.trainingId, params.attempt);
  const row = await database.pod.upsert({
    where: { name: params.name },
    create: { attemptId, name: params.name },
    update: {},
    select: POD_FIELDS,
  });
  return toPodRow(row);
}

export async function findPod(database: Database, name: string): Promise<PodRow | null> {
  const row = await database.pod.findUnique({ where: { name }, select: POD_FIELDS });
  return row ? toPodRow(row) : null;
}

/**
 * Claims the right to send one create call for this name. False while another call of unknown outcome, sent after
 * `staleBefore`, may still create a pod: two claims can never overlap, whatever died in between.
 */
export async function claimCreate(database: Database, name: string, staleBefore: Date): Promise<boolean> {
  const { count } = await database.pod.updateMany({
    where: {
      name,
      externalId: null,
      terminatedAt: null,
      terminateAskedAt: null,
      // A step that lost Temporal and comes back after its attempt has ended must not rent anything.
      attempt: { endedAt: null },
      OR: [{ createSentAt: null }, { createSentAt: { lt: staleBefore } }],
    },
    data: { createSentAt: new Date() },
  });
  return count === 1;
}

/** The create call was clearly refused. */
export async function releaseCreate(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, externalId: null }, data: { createSentAt: null } });
}

interface CreatedPod {
  readonly name: string;
  readonly externalId: string;
  readonly gpu: string | null;
  readonly cloud: string;
  readonly dataCenter: string | null;
  readonly hourlyMicroUsd: number;
  readonly createdAt: Date;
}

export async function recordCreated(database: Database, pod: CreatedPod): Promise<void> {
  // Field by field: a vendor's whole pod would bring its own id and state.
  const { name, externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt } = pod;
  const data = { externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt };
  await database.pod.update({ where: { name }, data: { ...data, state: 'running' } });
}

/**
 * Gives a pod that has the name of another row a row of its own, and returns that row's name: it is not kept, because
 * it is too expensive or a second one with its name, but it bills. Safe to repeat.
 */
export async function recordUnwanted(database: Database, { name, ...pod }: CreatedPod): Promise<string> {
  const { attemptId, requestedAt } = await database.pod.findUniqueOrThrow({ where: { name } });
  const { externalId, gpu, cloud, dataCenter, hourlyMicroUsd, createdAt } = pod;
  const own = `${name}-${externalId}`;
  await database.pod.upsert({
    where: { name: own },
    create: {
      attemptId,
      name: own,
      externalId,
      gpu,
      cloud,
      dataCenter,
      hourlyMicroUsd,
      createdAt,
      state: 'running',
      // Not later than the row's: the pod requested last is the one in use.
      requestedAt,
    },
    update: {},
  });
  return own;
}

export async function recordPodReady(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, readyAt: null }, data: { readyAt: new Date() } });
}

/** From here on nobody may create a pod with this name. */
export async function recordTerminateAsked(database: Database, name: string): Promise<void> {
  await database.pod.updateMany({ where: { name, terminateAskedAt: null }, data: { terminateAskedAt: new Date() } });
}

interface TerminatedPod {
  readonly name: string;
  readonly costMicroUsd: number;
  readonly costSettled: boolean;
  readonly note: string;
}

export async function recordTerminated(database: Database, { name, ...data }: TerminatedPod): Promise<void> {
  await database.pod.updateMany({
    where: { name, terminatedAt: null },
    data: { ...data, state: 'terminated', terminatedAt: new Date() },
  });
}

/** Pods of one attempt that are not confirmed gone. */
export async function openPodsOfAttempt(database: Database, trainingId: string, attempt: number): Promise<PodRow[]> {
  const rows = await database.pod.findMany({
    where: { terminatedAt: null, attempt: { loraModelId: trainingId, number: attempt } },
    select: POD_FIELDS,
    orderBy: { name: 'asc' },
  });
  return rows.map(toPodRow);
}
