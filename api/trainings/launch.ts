/** Hands an accepted training to Temporal. */
import { TypedSearchAttributes } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { BASE_MODEL_FACTS, parseBaseModel } from '../../core/base-model.ts';
import type { Intervals } from '../../core/interval.ts';
import type { TrainingRow } from '../../prisma/repositories/training-requests.ts';
import {
  loraBackend,
  loraBaseModel,
  loraCharacter,
  loraOwner,
  loraPhase,
  loraStatus,
} from '../../workflows/search-attributes.ts';
import type { ApiDeps } from '../deps.ts';
import { withoutControls } from '../text.ts';

interface Launch {
  readonly training: TrainingRow;
  readonly photoCount: number;
  readonly intervals?: Partial<Intervals> | undefined;
}

/** The only backend so far: compute and trainer. */
const BACKEND = 'runpod/ai-toolkit';

/** Starts the workflow of a training; harmless when it runs already. Throws ApiError 503 when Temporal does not answer. */
export async function launchTraining(
  { temporal, settings }: ApiDeps,
  { training, photoCount, intervals }: Launch,
): Promise<void> {
  await temporal.start({
    input: {
      trainingId: training.id,
      ...(intervals === undefined ? {} : { intervals }),
      ...(settings.taskQueues === undefined
        ? {}
        : { taskQueues: { io: settings.taskQueues.io, cpu: settings.taskQueues.cpu } }),
    },
    searchAttributes: searchAttributes(training),
    summary: `${plain(training.name).slice(0, 60)}: ${training.baseModel}, trigger ${plain(training.triggerWord)}`,
    details: details(training, photoCount),
  });
}

function searchAttributes({ status, phase, userId, characterId, baseModel }: TrainingRow): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: loraStatus, value: status },
    { key: loraPhase, value: phase },
    { key: loraOwner, value: userId },
    { key: loraBaseModel, value: baseModel },
    { key: loraBackend, value: BACKEND },
  ];
  if (characterId !== null) pairs.push({ key: loraCharacter, value: characterId });
  return new TypedSearchAttributes(pairs);
}

function details(training: TrainingRow, photoCount: number): string {
  const model = parseBaseModel(training.baseModel);
  const rows = [
    ['Name', plain(training.name)],
    ['Trigger word', plain(training.triggerWord)],
    ['Character', training.characterId ?? '-'],
    ['Base model', model === null ? training.baseModel : BASE_MODEL_FACTS[model].label],
    ['Dataset', `\`${training.datasetId}\`, ${photoCount} photos`],
    ['Steps', String(training.progressTotal)],
  ];
  return rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');
}

/** A caller's text inside markdown: no markup, one line. */
function plain(text: string): string {
  return withoutControls(text, ' ').replace(/[\\`*_{}[\]<>()#|!]/g, '\\$&');
}
