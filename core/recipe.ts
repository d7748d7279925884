/** The recipe: what any trainer needs to know about a training. */
import { BASE_MODEL_FACTS } from './base-model.ts';
import type { BaseModel } from './base-model.ts';
import { RECIPE_FIELDS, SHAPING_FIELDS, recipeFields } from './recipe-fields.ts';
import type { CheckpointShape, FieldShape, RecipeOverrides, RecipeValues, StoredShape } from './recipe-fields.ts';

export type { CheckpointShape, RecipeOverrides, StoredShape };

export interface Recipe extends RecipeValues {
  readonly baseModel: BaseModel;
  readonly triggerWord: string;
}

const MAX_TRIGGER_WORD = 64;

const SAMPLE_TEMPLATES = [
  'portrait photo of {trigger}, soft daylight, looking at the camera',
  'full body photo of {trigger} walking through a city street',
  'photo of {trigger} sitting at a table in a cafe, warm light',
  'close-up of {trigger}, studio lighting, grey background',
];

/** Builds a complete recipe from defaults and overrides. Call `recipeFaults` first: this trusts its input. */
export function resolveRecipe(baseModel: BaseModel, triggerWord: string, overrides: RecipeOverrides = {}): Recipe {
  const defaults = BASE_MODEL_FACTS[baseModel].defaults;
  const steps = overrides.steps ?? defaults.steps;
  const checkpointInterval = Math.min(
    steps,
    overrides.checkpointInterval ?? RECIPE_FIELDS.checkpointInterval.byDefault,
  );
  const sampleInterval = overrides.sampleInterval ?? checkpointInterval;
  const resolution = overrides.resolution ?? defaults.resolution;
  const prompts =
    overrides.samplePrompts ??
    Array.from({ length: overrides.sampleCount ?? RECIPE_FIELDS.sampleCount.byDefault }, (_, index) =>
      SAMPLE_TEMPLATES[index % SAMPLE_TEMPLATES.length]!.replace('{trigger}', triggerWord),
    );
  return {
    baseModel,
    triggerWord,
    steps,
    checkpointInterval,
    learningRate: overrides.learningRate ?? RECIPE_FIELDS.learningRate.byDefault,
    resolution: typeof resolution === 'number' ? [resolution] : [...resolution],
    rank: overrides.rank ?? RECIPE_FIELDS.rank.byDefault,
    batchSize: overrides.batchSize ?? RECIPE_FIELDS.batchSize.byDefault,
    lowVram: overrides.lowVram ?? defaults.lowVram,
    sampleInterval,
    samplePrompts: sampleInterval === 0 ? [] : prompts,
    seed: overrides.seed ?? RECIPE_FIELDS.seed.byDefault,
  };
}

/**
 * AI Toolkit replaces `${NAME}` in a config with the pod's environment variables, which would leak its secrets into
 * captions and metadata, and reads sd-scripts flags (`--w 4096`) out of sample prompts (facts of 2026-08-21, commit
 * 27a03a91).
 */
function textFaults(name: string, text: string): string[] {
  const faults: string[] = [];
  if (text.includes('${'))
    faults.push(`${name} must not contain "\${": the trainer would replace it with a secret of the pod`);
  if (text.includes('--')) faults.push(`${name} must not contain "--": the trainer would read it as an option`);
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) faults.push(`${name} must be one line without control characters`);
  return faults;
}

/** What is wrong with a trigger word; empty when it is fine. It goes into captions, prompts and file metadata. */
export function triggerWordFaults(triggerWord: string): string[] {
  const faults = textFaults('triggerWord', triggerWord);
  if (!/^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u.test(triggerWord) || triggerWord.length > MAX_TRIGGER_WORD) {
    faults.push(
      `triggerWord must be 1 to ${MAX_TRIGGER_WORD} letters, digits, spaces, ".", "_" or "-", and begin with a letter or digit`,
    );
  }
  return faults;
}

/** A signal contains whatever somebody typed, so types are checked too. */
function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

/** Everything wrong with the overrides, one sentence each; empty when they are fine. */
export function recipeFaults(overrides: RecipeOverrides): string[] {
  return recipeFields.flatMap(([name, { shape }]) => {
    const value: unknown = overrides[name];
    return value === undefined ? [] : faultsOf(name, shape, value);
  });
}

function faultsOf(name: string, shape: FieldShape, value: unknown): string[] {
  switch (shape.kind) {
    case 'number': {
      const isGood =
        Number.isFinite(value) &&
        (!shape.whole || Number.isInteger(value)) &&
        Number(value) >= shape.min &&
        Number(value) <= shape.max;
      return isGood ? [] : [`${name} must be a ${shape.whole ? 'whole ' : ''}number from ${shape.min} to ${shape.max}`];
    }
    case 'switch':
      return typeof value === 'boolean' ? [] : [`${name} must be true or false`];
    case 'sides': {
      const { min, max, multipleOf, maxItems } = shape;
      const sides: readonly unknown[] = Array.isArray(value) ? value : [value];
      const isSide = (side: unknown) =>
        Number.isInteger(side) && Number(side) >= min && Number(side) <= max && Number(side) % multipleOf === 0;
      return [
        ...(sides.length < 1 || sides.length > maxItems ? [`${name} must have 1 to ${maxItems} values`] : []),
        ...sides
          .filter((side) => !isSide(side))
          .map(() => `${name} must be a multiple of ${multipleOf} from ${min} to ${max}`),
      ];
    }
    case 'texts': {
      const { maxItems, maxLength } = shape;
      if (!isTextList(value)) return [`${name} must be a list of strings`];
      return [
        ...(value.length > maxItems ? [`${name} must have at most ${maxItems} entries`] : []),
        ...value.flatMap((text, index) => [
          ...(text.trim() === '' || text.length > maxLength
            ? [`${name}[${index}] must have 1 to ${maxLength} characters`]
            : []),
          ...textFaults(`${name}[${index}]`, text),
        ]),
      ];
    }
  }
}

/** What the checkpoints of a recipe will fit. */
export function shapeOf(recipe: Recipe): CheckpointShape {
  return Object.fromEntries(SHAPING_FIELDS.map((field) => [field, recipe[field]])) as CheckpointShape;
}

/** Why a recipe cannot resume from a checkpoint of another one, as a sentence; null when it can. */
export function shapeObstacle(saved: StoredShape | undefined, recipe: CheckpointShape): string | null {
  const field = SHAPING_FIELDS.find((one) => saved?.[one] !== recipe[one]);
  if (field === undefined) return null;
  return `The save has ${field} ${saved?.[field] ?? 'unknown'}, the recipe ${recipe[field]}`;
}
