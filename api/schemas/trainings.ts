import { Type } from '@fastify/type-provider-typebox';
import type { Static } from '@fastify/type-provider-typebox';
import { BASE_MODEL_NAMES, BASE_MODELS } from '../../core/base-model.ts';
import { DESTINATION_KINDS } from '../../core/destination.ts';
import { FAILURE_CODES } from '../../core/failure.ts';
import { GPU_NAMES } from '../../core/gpu.ts';
import { TRAINING_PHASES, TRAINING_STATUSES } from '../../core/status.ts';
import { ERRORS, IdParams, Nullable, OneOf, QUOTE_BASES, TestIntervals, Time, Uuid, WordOf } from './common.ts';
import { CurationBody } from './datasets.ts';
import { ImageIds } from './images.ts';
import { RecipeBody } from './recipe.ts';

const optional = Type.Optional;
const STRICT = { additionalProperties: false };

const ComputeBody = Type.Object(
  {
    gpus: optional(
      Type.Array(Type.String({ examples: ['RTX 4090'] }), {
        description: `GPU types in order of preference, in any spelling (RTX 4090, rtx_4090, NVIDIA GeForce RTX 4090): ${GPU_NAMES.join(', ')}.`,
      }),
    ),
    allowCommunity: optional(Type.Boolean()),
    maxHourlyMicroUsd: optional(Type.Number({ description: 'Highest price per hour. Millionths of a dollar.' })),
  },
  STRICT,
);

export const DestinationBody = Type.Union([
  Type.Object({ kind: Type.Literal('s3'), bucket: optional(Type.String()), key: optional(Type.String()) }, STRICT),
  Type.Object({ kind: Type.Literal('huggingface'), repo: Type.String(), private: optional(Type.Boolean()) }, STRICT),
]);

export const MaxCostUsd = Type.Number({
  description:
    'Ceiling for the whole training, in dollars. When it is reached, the training is saved and stopped (BUDGET_EXCEEDED); it continues when the ceiling is raised.',
});

export const TrainingBody = Type.Object(
  {
    name: optional(Type.String({ description: 'Default: the trigger word.' })),
    datasetId: optional(Uuid),
    imageIds: optional(ImageIds),
    curation: optional(CurationBody),
    baseModel: WordOf(BASE_MODEL_NAMES),
    triggerWord: Type.String(),
    characterId: optional(Nullable(Type.String())),
    recipe: optional(RecipeBody),
    compute: optional(ComputeBody),
    destinations: optional(Type.Array(DestinationBody)),
    maxCostUsd: optional(MaxCostUsd),
    intervals: optional(TestIntervals),
  },
  STRICT,
);
export type TrainingBody = Static<typeof TrainingBody>;

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'Repeating a request with its key never starts a second training.',
    }),
  ),
});

const Publication = Type.Object({
  target: WordOf(DESTINATION_KINDS),
  location: Type.String(),
  path: Nullable(Type.String()),
  revision: Nullable(Type.String()),
  url: Nullable(Type.String()),
  status: WordOf(['pending', 'published', 'failed']),
  reason: Nullable(WordOf(FAILURE_CODES)),
  message: Nullable(Type.String()),
  sha256: Nullable(Type.String()),
  publishedAt: Nullable(Time),
});

const Progress = Type.Object({
  step: Type.Integer(),
  totalSteps: Type.Integer(),
  loss: Nullable(Type.Number()),
  secondsPerStep: Nullable(Type.Number()),
  estimatedEndAt: Nullable(Time),
});

export const Training = Type.Object(
  {
    id: Uuid,
    status: OneOf(TRAINING_STATUSES),
    phase: WordOf(TRAINING_PHASES),
    reason: Nullable(WordOf(FAILURE_CODES, { description: 'A code of the failure policy.' })),
    message: Nullable(Type.String()),
    name: Type.String(),
    baseModel: WordOf(BASE_MODELS),
    triggerWord: Type.String(),
    characterId: Nullable(Type.String()),
    datasetId: Uuid,
    attempt: Type.Integer(),
    progress: Progress,
    gpu: Nullable(Type.String()),
    cost: Type.Object({ microUsd: Type.Integer(), usd: Type.String() }),
    budget: Type.Object({
      ceilingMicroUsd: Nullable(
        Type.Integer({ description: 'What the training may cost in total; null: no ceiling.' }),
      ),
      quote: Nullable(
        Type.Object({
          gpu: Type.String(),
          p50MicroUsd: Type.Integer(),
          p90MicroUsd: Type.Integer(),
          reserveMicroUsd: Type.Integer(),
          minutes: Type.Object({ p50: Type.Number(), p90: Type.Number() }),
          basis: WordOf(QUOTE_BASES),
        }),
      ),
    }),
    artifact: Nullable(
      Type.Object({
        files: Type.Array(Type.Object({ name: Type.String(), sizeBytes: Type.Integer(), sha256: Type.String() })),
        step: Type.Integer(),
      }),
    ),
    publications: Type.Array(Publication),
    createdAt: Time,
    startedAt: Nullable(Time),
    completedAt: Nullable(Time),
    awaitsRetryUntil: Nullable(
      Type.String({ format: 'date-time', description: 'Until when a failed training waits for a retry.' }),
    ),
    links: Type.Object({
      self: Type.String(),
      events: Type.String(),
      artifact: Type.String(),
      temporalUi: Nullable(Type.String()),
    }),
  },
  { title: 'Training' },
);
export type TrainingView = Static<typeof Training>;

export const startTrainingRoute = {
  summary: 'Start a training',
  tags: ['trainings'],
  headers: IdempotencyHeaders,
  body: TrainingBody,
  response: { 200: Training, 201: Training, ...ERRORS },
};

export const listTrainingsRoute = {
  summary: 'Your trainings, newest first',
  tags: ['trainings'],
  querystring: Type.Object(
    {
      status: optional(OneOf(TRAINING_STATUSES)),
      characterId: optional(Type.String({ maxLength: 128 })),
      cursor: optional(Type.String({ format: 'uuid', description: '`nextCursor` of the previous page.' })),
      limit: optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 20.' })),
    },
    STRICT,
  ),
  response: { 200: Type.Object({ trainings: Type.Array(Training), nextCursor: Nullable(Type.String()) }), ...ERRORS },
};

export const getTrainingRoute = {
  summary: 'A training',
  tags: ['trainings'],
  params: IdParams,
  response: { 200: Training, ...ERRORS },
};

export const cancelTrainingRoute = {
  summary: 'Cancel a training',
  description: 'Accepted even while no worker is running. The training is cancelled once its pod is confirmed gone.',
  tags: ['trainings'],
  params: IdParams,
  response: { 202: Training, ...ERRORS },
};

export const retryTrainingRoute = {
  summary: 'Retry a training',
  description: 'Starts a fresh set of attempts after a failure. While an attempt runs, that attempt ends first.',
  tags: ['trainings'],
  params: IdParams,
  body: optional(Type.Union([Type.Object({ overrides: optional(RecipeBody) }, STRICT), Type.Null()])),
  response: { 202: Training, ...ERRORS },
};

export const pauseTrainingRoute = {
  summary: 'Pause a training',
  description:
    'It is saved, the save is copied to our store, the pod is torn down, and nothing costs money until it is resumed.',
  tags: ['trainings'],
  params: IdParams,
  response: { 202: Training, ...ERRORS },
};

export const resumeTrainingRoute = {
  summary: 'Resume a paused training',
  description: 'Continues from its last save, on a new pod. A pause does not count as an attempt.',
  tags: ['trainings'],
  params: IdParams,
  response: { 202: Training, ...ERRORS },
};

export const saveNowRoute = {
  summary: 'Save a checkpoint now and store it',
  tags: ['trainings'],
  params: IdParams,
  response: { 202: Training, ...ERRORS },
};

export const sampleNowRoute = {
  summary: 'Render samples now and store them',
  tags: ['trainings'],
  params: IdParams,
  response: { 202: Training, ...ERRORS },
};

export const FileLink = Type.Object({
  name: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String(),
  url: Type.String(),
  expiresAt: Time,
});

export const artifactRoute = {
  summary: 'Download links for the trained LoRA',
  tags: ['trainings'],
  params: IdParams,
  response: {
    200: Type.Object({
      files: Type.Array(FileLink),
    }),
    ...ERRORS,
  },
};

export const eventsRoute = {
  summary: 'Follow a training live',
  description:
    'Server-sent events: stored events with an id (resume with Last-Event-ID or ?after=), and `progress` without one. Ends after training.ready, training.cancelled and training.failed, because nothing more happens by itself; `awaitsRetryUntil` says how long a failed training can be retried. After a retry, Last-Event-ID continues where the stream ended.',
  tags: ['trainings'],
  params: IdParams,
  querystring: Type.Object({ after: optional(Type.String({ pattern: '^[0-9]{1,18}$' })) }, STRICT),
  response: {
    200: { description: 'The stream.', content: { 'text/event-stream': { schema: Type.String() } } },
    ...ERRORS,
  },
};
