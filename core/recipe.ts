/** The recipe: what any trainer needs to know about a training. */
import { BASE_MODEL_FACTS } from './base-model.ts';
import type { BaseModel } from './base-model.ts';

export interface Recipe {
  readonly baseModel: BaseModel;
  readonly triggerWord: string;
  readonly steps: number;
  /** A checkpoint is written every this many steps. */
  readonly checkpointInterval: number;
  readonly learningRate: number;
  /** Sides of the training buckets in pixels; each one adds another copy of the dataset. */
  readonly resolution: readonly number[];
  /** LoRA rank (alpha is the same). */
  readonly rank: number;
  readonly batchSize: number;
  readonly lowVram: boolean;
  /** Samples are rendered every this many steps; 0 turns them off. */
  readonly sampleInterval: number;
  readonly samplePrompts: readonly string[];
  readonly seed: number;
}

/** What a caller may set; everything has a default (landscape S0-16, S0-17). */
export interface RecipeOverrides {
  readonly steps?: number | undefined;
  readonly checkpointInterval?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly resolution?: number | readonly number[] | undefined;
  readonly rank?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly lowVram?: boolean | undefined;
  readonly sampleInterval?: number | undefined;
  readonly sampleCount?: number | undefined;
  readonly samplePrompts?: readonly string[] | undefined;
  readonly seed?: number | undefined;
}

/** Limits of every override. */
const RECIPE_LIMITS = {
  steps: { min: 1, max: 20_000 },
  checkpointInterval: { min: 1, max: 20_000 },
  learningRate: { min: 1e-7, max: 1e-2 },
  resolution: { min: 256, max: 2_048, multipleOf: 32, maxItems: 3 },
  rank: { min: 1, max: 256 },
  batchSize: { min: 1, max: 16 },
  sampleInterval: { min: 0, max: 20_000 },
  samplePrompts: { maxItems: 10, maxLength: 500 },
  seed: { min: 0, max: 2_147_483_647 },
  triggerWord: { maxLength: 64 },
} as const;

/**
 * Checkpoints every 500 steps, samples just as often, one sample each (landscape S0-17). Rank 32 and 1e-4 are AI
 * Toolkit's UI defaults.
 */
const DEFAULTS = {
  checkpointInterval: 500,
  learningRate: 1e-4,
  rank: 32,
  batchSize: 1,
  sampleCount: 1,
  seed: 42,
} as const;

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
  const checkpointInterval = Math.min(steps, overrides.checkpointInterval ?? DEFAULTS.checkpointInterval);
  const sampleInterval = overrides.sampleInterval ?? checkpointInterval;
  const resolution = overrides.resolution ?? defaults.resolution;
  const prompts =
    overrides.samplePrompts ??
    Array.from({ length: overrides.sampleCount ?? DEFAULTS.sampleCount }, (_, index) =>
      SAMPLE_TEMPLATES[index % SAMPLE_TEMPLATES.length]!.replace('{trigger}', triggerWord),
    );
  return {
    baseModel,
    triggerWord,
    steps,
    checkpointInterval,
    learningRate: overrides.learningRate ?? DEFAULTS.learningRate,
    resolution: typeof resolution === 'number' ? [resolution] : [...resolution],
    rank: overrides.rank ?? DEFAULTS.rank,
    batchSize: overrides.batchSize ?? DEFAULTS.batchSize,
    lowVram: overrides.lowVram ?? defaults.lowVram,
    sampleInterval,
    samplePrompts: sampleInterval === 0 ? [] : prompts,
    seed: overrides.seed ?? DEFAULTS.seed,
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
  if (
    !/^[\p{L}\p{N}][\p{L}\p{N} _.-]*$/u.test(triggerWord) ||
    triggerWord.length > RECIPE_LIMITS.triggerWord.maxLength
  ) {
    faults.push(
      'triggerWord must be 1 to 64 letters, digits, spaces, ".", "_" or "-", and begin with a letter or digit',
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
  const faults: string[] = [];
  const between = (name: string, value: number | undefined, limit: { min: number; max: number }, whole = true) => {
    if (value === undefined) return;
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value)) || value < limit.min || value > limit.max) {
      faults.push(`${name} must be a ${whole ? 'whole ' : ''}number from ${limit.min} to ${limit.max}`);
    }
  };
  between('steps', overrides.steps, RECIPE_LIMITS.steps);
  between('checkpointInterval', overrides.checkpointInterval, RECIPE_LIMITS.checkpointInterval);
  between('learningRate', overrides.learningRate, RECIPE_LIMITS.learningRate, false);
  between('rank', overrides.rank, RECIPE_LIMITS.rank);
  between('batchSize', overrides.batchSize, RECIPE_LIMITS.batchSize);
  between('sampleInterval', overrides.sampleInterval, RECIPE_LIMITS.sampleInterval);
  between('sampleCount', overrides.sampleCount, { min: 0, max: RECIPE_LIMITS.samplePrompts.maxItems });
  between('seed', overrides.seed, RECIPE_LIMITS.seed);
  if (overrides.resolution !== undefined) {
    const sides = Array.isArray(overrides.resolution) ? overrides.resolution : [overrides.resolution];
    const { min, max, multipleOf, maxItems } = RECIPE_LIMITS.resolution;
    if (sides.length < 1 || sides.length > maxItems) faults.push(`resolution must have 1 to ${maxItems} values`);
    for (const side of sides) {
      if (!Number.isInteger(side) || side < min || side > max || side % multipleOf !== 0) {
        faults.push(`resolution must be a multiple of ${multipleOf} from ${min} to ${max}`);
      }
    }
  }
  if (overrides.lowVram !== undefined && typeof overrides.lowVram !== 'boolean')
    faults.push('lowVram must be true or false');
  if (overrides.samplePrompts !== undefined && !isTextList(overrides.samplePrompts)) {
    faults.push('samplePrompts must be a list of strings');
  } else if (overrides.samplePrompts !== undefined) {
    const { maxItems, maxLength } = RECIPE_LIMITS.samplePrompts;
    if (overrides.samplePrompts.length > maxItems) faults.push(`samplePrompts must have at most ${maxItems} entries`);
    overrides.samplePrompts.forEach((prompt, index) => {
      if (prompt.trim() === '' || prompt.length > maxLength)
        faults.push(`samplePrompts[${index}] must have 1 to ${maxLength} characters`);
      faults.push(...textFaults(`samplePrompts[${index}]`, prompt));
    });
  }
  return faults;
}
