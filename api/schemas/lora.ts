/** The founding documents' routes (docs: S0-08, S0-11 to S0-13, S0-16, S0-18). */
import { Type } from '@fastify/type-provider-typebox';
import type { Static } from '@fastify/type-provider-typebox';
import { BASE_MODEL_NAMES } from '../../core/base-model.ts';
import { FAILURE_CODES } from '../../core/failure.ts';
import { TRAINING_PHASES, TRAINING_STATUSES } from '../../core/status.ts';
import { ERRORS, Nullable, OneOf, TestIntervals, Time, Uuid, WordOf } from './common.ts';
import { CurationBody } from './datasets.ts';
import { ImageIds } from './images.ts';
import { FoundingRecipe } from './recipe.ts';
import { DestinationBody, FileLink, IdempotencyHeaders, MaxCostUsd } from './trainings.ts';

const optional = Type.Optional;
const LoraParams = Type.Object({ loraModelId: Uuid });

export const LoraStartBody = Type.Object(
  {
    characterId: Type.String(),
    userId: optional(Type.String({ description: 'Accepted but ignored: the owner is the user of the API key.' })),
    imageUrls: optional(Type.Array(Type.String({ maxLength: 2_000 }), { minItems: 1, maxItems: 100 })),
    imageIds: optional(ImageIds),
    datasetId: optional(Uuid),
    curation: optional(CurationBody),
    baseModel: WordOf(BASE_MODEL_NAMES),
    triggerWord: Type.String(),
    ...FoundingRecipe,
    destinations: optional(Type.Array(DestinationBody)),
    maxCostUsd: optional(MaxCostUsd),
    intervals: optional(TestIntervals),
  },
  { additionalProperties: false },
);
export type LoraStartBody = Static<typeof LoraStartBody>;

const Started = Type.Object({ loraModelId: Uuid, trainingJobId: Type.String() });

export const startLoraRoute = {
  summary: 'Start a training (founding documents)',
  tags: ['lora'],
  headers: IdempotencyHeaders,
  body: LoraStartBody,
  response: { 200: Started, 201: Started, ...ERRORS },
};

export const LoraStatus = Type.Object({
  loraModelId: Uuid,
  characterId: Nullable(Type.String()),
  status: OneOf(TRAINING_STATUSES),
  phase: WordOf(TRAINING_PHASES),
  progress: Type.Object({ step: Type.Integer(), totalSteps: Type.Integer(), percent: Type.Number() }),
  reason: Nullable(WordOf(FAILURE_CODES)),
  message: Nullable(Type.String()),
  externalProvider: Type.String(),
  trainingJobId: Type.String({ description: 'The workflow’s id.' }),
  modelPath: Nullable(Type.String()),
  modelUrl: Nullable(Type.String()),
  trainingCost: Type.Integer({ description: 'Cents.' }),
  retryCount: Type.Integer(),
  trainingStartedAt: Nullable(Time),
  trainingCompletedAt: Nullable(Time),
});

export const loraStatusRoute = {
  summary: 'Status of a training (founding documents)',
  tags: ['lora'],
  params: LoraParams,
  response: { 200: LoraStatus, ...ERRORS },
};

export const downloadLoraRoute = {
  summary: 'Short-lived links to the trained LoRA (founding documents)',
  tags: ['lora'],
  params: LoraParams,
  response: {
    200: Type.Object({
      loraModelId: Uuid,
      modelPath: Nullable(Type.String()),
      modelUrl: Type.String(),
      filename: Type.String(),
      sizeBytes: Type.Integer(),
      sha256: Type.String(),
      expiresAt: Time,
      files: Type.Array(FileLink, {
        description: 'Every file of the LoRA, including the one above: Wan 2.2 has two and needs both.',
      }),
    }),
    ...ERRORS,
  },
};
