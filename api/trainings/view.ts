/** A training as clients see it. Pods are left out on purpose: anyone who knows a pod's id can reach its trainer. */
import { formatUsd } from '../../core/money.ts';
import type { Publication } from '../../prisma/generated/client.ts';
import type { TrainingRow } from '../../prisma/repositories/trainings.ts';
import type { ApiSettings } from '../deps.ts';
import type { TrainingView } from '../schemas/trainings.ts';

/** A training of the caller, with what became of its publications. */
export type OwnTraining = TrainingRow & { readonly publications: readonly Publication[] };

export function trainingView(row: OwnTraining, settings: ApiSettings): TrainingView {
  const self = `${settings.publicUrl}/v1/trainings/${row.id}`;
  const { artifact, costMicroUsd } = row;
  return {
    id: row.id,
    status: row.status,
    phase: row.phase,
    reason: row.reason,
    message: row.message,
    name: row.name,
    baseModel: row.baseModel,
    triggerWord: row.triggerWord,
    characterId: row.characterId,
    datasetId: row.datasetId,
    attempt: row.attempt,
    progress: {
      step: row.progressStep,
      totalSteps: row.progressTotal,
      loss: row.loss,
      secondsPerStep: row.secondsPerStep,
      estimatedEndAt: isoTime(row.estimatedEndAt),
    },
    gpu: row.gpu,
    cost: { microUsd: costMicroUsd, usd: formatUsd(costMicroUsd) },
    budget: {
      ceilingMicroUsd: row.ceilingMicroUsd,
      quote: row.quote,
    },
    artifact:
      artifact === null
        ? null
        : {
            step: artifact.step,
            files: artifact.files.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 })),
          },
    publications: row.publications.map(publicationView),
    createdAt: row.createdAt.toISOString(),
    startedAt: isoTime(row.trainingStartedAt),
    completedAt: isoTime(row.trainingCompletedAt),
    awaitsRetryUntil: isoTime(row.retryUntil),
    links: {
      self,
      events: `${self}/events`,
      artifact: `${self}/artifact`,
      temporalUi: temporalUiLink(row.workflowId, settings),
    },
  };
}

export function isoTime(time: Date | null): string | null {
  return time === null ? null : time.toISOString();
}

function publicationView(publication: Publication): TrainingView['publications'][number] {
  const { target, location, path, revision, url, status, reason, message, sha256 } = publication;
  return {
    target,
    location,
    path,
    revision,
    url,
    status,
    reason,
    message,
    sha256,
    publishedAt: isoTime(publication.publishedAt),
  };
}

function temporalUiLink(workflowId: string, { temporalUiUrl, temporalNamespace }: ApiSettings): string | null {
  if (temporalUiUrl === undefined) return null;
  return `${temporalUiUrl}/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
}
