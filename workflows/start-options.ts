/** What Temporal is given, and shows, when a training starts: the same whoever starts it. Safe to import anywhere. */
import { TypedSearchAttributes } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { BASE_MODEL_FACTS, parseBaseModel } from '../core/base-model.ts';
import type { Intervals } from '../core/interval.ts';
import { withoutControls } from '../core/text.ts';
import { trainingWorkflowId } from './contract.ts';
import type { TaskQueues, TrainLoraInput } from './contract.ts';
import { loraBackend, loraBaseModel, loraCharacter, loraOwner, loraPhase, loraStatus } from './search-attributes.ts';

export interface StartableTraining {
  readonly id: string;
  readonly userId: string;
  readonly characterId: string | null;
  readonly name: string;
  readonly baseModel: string;
  readonly triggerWord: string;
  readonly datasetId: string;
  readonly photoCount: number;
  readonly steps: number;
}

interface StartChoices {
  readonly taskQueues: Pick<TaskQueues, 'io' | 'cpu'>;
  /** Differences from DEFAULT_INTERVALS; only the demo and tests have any. */
  readonly intervals?: Partial<Intervals> | undefined;
}

/** The only backend so far: compute and trainer. */
const BACKEND = 'runpod/ai-toolkit';

/**
 * Options for `client.workflow.start`, except the task queue: a training runs at most once at a time, and never again
 * after success.
 */
export function startOptions(training: StartableTraining, { taskQueues, intervals }: StartChoices) {
  const { io, cpu } = taskQueues;
  const input: TrainLoraInput = {
    trainingId: training.id,
    ...(intervals === undefined ? {} : { intervals }),
    taskQueues: { io, cpu },
  };
  return {
    workflowId: trainingWorkflowId(training.id),
    args: [input] as [TrainLoraInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY' as const,
    typedSearchAttributes: searchAttributes(training),
    /** One line, at most 400 bytes. */
    staticSummary: `${plain(training.name).slice(0, 60)}: ${training.baseModel}, trigger ${plain(training.triggerWord)}`,
    /** Markdown, at most 20,000 bytes. */
    staticDetails: details(training),
  };
}

export type StartOptions = ReturnType<typeof startOptions>;

function searchAttributes({ userId, characterId, baseModel }: StartableTraining): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: loraStatus, value: 'pending' },
    { key: loraPhase, value: 'queued' },
    { key: loraOwner, value: userId },
    { key: loraBaseModel, value: baseModel },
    { key: loraBackend, value: BACKEND },
  ];
  if (characterId !== null) pairs.push({ key: loraCharacter, value: characterId });
  return new TypedSearchAttributes(pairs);
}

function details(training: StartableTraining): string {
  const model = parseBaseModel(training.baseModel);
  const rows = [
    ['Name', plain(training.name)],
    ['Trigger word', plain(training.triggerWord)],
    ['Character', training.characterId ?? '-'],
    ['Base model', model === null ? training.baseModel : BASE_MODEL_FACTS[model].label],
    ['Dataset', `\`${training.datasetId}\`, ${training.photoCount} photos`],
    ['Steps', String(training.steps)],
  ];
  return rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');
}

/** A caller's text inside markdown: no markup, one line. */
function plain(text: string): string {
  return withoutControls(text, ' ').replace(/[\\`*_{}[\]<>()#|!]/g, '\\$&');
}
