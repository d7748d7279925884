/**
 * What a caller may set about a recipe: one table. Types, limits, faults and defaults (core/recipe.ts), the request's
 * schema (api/schemas/recipe.ts) and docs/recipe.md follow from it, so that no field is in one and not in the others.
 */

/** What a field's value looks like, with its limits. */
export type FieldShape =
  | { readonly kind: 'number'; readonly min: number; readonly max: number; readonly whole: boolean }
  | { readonly kind: 'switch' }
  /** One side in pixels, or a list of them. */
  | {
      readonly kind: 'sides';
      readonly min: number;
      readonly max: number;
      readonly multipleOf: number;
      readonly maxItems: number;
    }
  | { readonly kind: 'texts'; readonly maxItems: number; readonly maxLength: number };

interface FieldFacts {
  readonly shape: FieldShape;
  /** A value; or where it comes from, as a sentence without a full stop. */
  readonly byDefault: number | { readonly from: string };
  readonly meaning: string;
  /** A checkpoint fits only recipes with the same value. */
  readonly shapesCheckpoint?: true;
}

const whole = (min: number, max: number) => ({ kind: 'number', min, max, whole: true }) as const;
const MAX_STEPS = 20_000;
const MAX_SAMPLES = 10;
const BASE_MODEL = { from: 'the base model’s' } as const;

/**
 * Checkpoints every 500 steps, samples just as often, one sample each (landscape S0-16, S0-17). Rank 32 and 1e-4 are AI
 * Toolkit's UI defaults.
 */
export const RECIPE_FIELDS = {
  steps: { shape: whole(1, MAX_STEPS), byDefault: BASE_MODEL, meaning: 'How many steps are trained.' },
  checkpointInterval: {
    shape: whole(1, MAX_STEPS),
    byDefault: 500,
    meaning: 'A checkpoint is written every this many steps, and at the end.',
  },
  learningRate: {
    shape: { kind: 'number', min: 1e-7, max: 1e-2, whole: false },
    byDefault: 1e-4,
    meaning: 'The learning rate.',
  },
  resolution: {
    shape: { kind: 'sides', min: 256, max: 2_048, multipleOf: 32, maxItems: 3 },
    byDefault: BASE_MODEL,
    meaning: 'Sides of the training buckets in pixels; each one adds another copy of the dataset.',
  },
  rank: {
    shape: whole(1, 256),
    byDefault: 32,
    meaning: 'LoRA rank (alpha is the same).',
    shapesCheckpoint: true,
  },
  batchSize: { shape: whole(1, 16), byDefault: 1, meaning: 'Pictures per step.' },
  lowVram: {
    shape: { kind: 'switch' },
    byDefault: BASE_MODEL,
    meaning: 'Spares GPU memory and takes longer.',
  },
  sampleInterval: {
    shape: whole(0, MAX_STEPS),
    byDefault: { from: '`checkpointInterval`' },
    meaning: 'Samples are rendered every this many steps; 0 turns them off.',
  },
  sampleCount: {
    shape: whole(0, MAX_SAMPLES),
    byDefault: 1,
    meaning: 'How many of our own prompts are rendered, when there are no `samplePrompts`.',
  },
  samplePrompts: {
    shape: { kind: 'texts', maxItems: MAX_SAMPLES, maxLength: 500 },
    byDefault: { from: '`sampleCount` prompts of our own' },
    meaning: 'Prompts of the samples, one line each.',
  },
  seed: { shape: whole(0, 2_147_483_647), byDefault: 42, meaning: 'Seed of the samples.' },
} as const satisfies Readonly<Record<string, FieldFacts>>;

export type RecipeField = keyof typeof RECIPE_FIELDS;
type Shape<Field extends RecipeField> = (typeof RECIPE_FIELDS)[Field]['shape'];

/** What stands in a recipe. */
interface Resolved {
  readonly number: number;
  readonly switch: boolean;
  readonly sides: readonly number[];
  readonly texts: readonly string[];
}

/** What a caller may write. */
interface Written extends Omit<Resolved, 'sides'> {
  readonly sides: number | readonly number[];
}

/** What a caller may set; everything has a default. */
export type RecipeOverrides = {
  readonly [Field in RecipeField]?: Written[Shape<Field>['kind']] | undefined;
};

/** The fields of a complete recipe: `sampleCount` only says how many prompts there are. */
export type RecipeValues = {
  readonly [Field in Exclude<RecipeField, 'sampleCount'>]: Resolved[Shape<Field>['kind']];
};

type ShapingField = {
  [Field in RecipeField]: (typeof RECIPE_FIELDS)[Field] extends { readonly shapesCheckpoint: true } ? Field : never;
}[RecipeField];

/** The fields that a recipe must have in common with the one of a checkpoint that it resumes from. */
export type CheckpointShape = Pick<RecipeValues, ShapingField>;

/** The same as an attempt's row has it; null: not recorded. */
export type StoredShape = { readonly [Field in ShapingField]: CheckpointShape[Field] | null };

/** What the founding documents' route calls the fields (landscape S0-16); null: it has no name for one. */
export const FOUNDING_NAMES = {
  steps: 'steps',
  checkpointInterval: 'checkpointInterval',
  learningRate: 'learningRate',
  resolution: 'resolution',
  sampleInterval: 'sampleInterval',
  sampleCount: 'sampleCount',
  samplePrompts: 'samplePrompts',
  lowVram: 'lowVRAM',
  rank: null,
  batchSize: null,
  seed: null,
} as const satisfies Readonly<Record<RecipeField, string | null>>;

/** Every field with its facts, in the order of the table. */
export const recipeFields = Object.entries(RECIPE_FIELDS) as readonly (readonly [RecipeField, FieldFacts])[];

/** Names of the fields of `CheckpointShape`. */
export const SHAPING_FIELDS = recipeFields
  .filter(([, { shapesCheckpoint }]) => shapesCheckpoint)
  .map(([name]) => name) as readonly ShapingField[];
