import { describe, expect, test } from 'vitest';
import { BASE_MODELS, parseBaseModel } from './base-model.ts';
import { RECIPE_FIELDS, recipeFields } from './recipe-fields.ts';
import type { FieldShape } from './recipe-fields.ts';
import { recipeFaults, resolveRecipe, shapeObstacle, shapeOf, triggerWordFaults } from './recipe.ts';

describe('base models', () => {
  test('the founding documents’ names for Wan are accepted', () => {
    expect(parseBaseModel('one-2.1')).toBe('wan-2.1');
    expect(parseBaseModel('one-2.2')).toBe('wan-2.2');
  });

  test('names of object members are no base models', () => {
    expect(parseBaseModel('constructor')).toBeNull();
    expect(parseBaseModel('toString')).toBeNull();
  });

  test.each(BASE_MODELS)('%s has a default recipe within the founding documents’ ranges', (model) => {
    const recipe = resolveRecipe(model, 'ohwx');

    expect(recipe.steps).toBeGreaterThanOrEqual(700);
    expect(recipe.steps).toBeLessThanOrEqual(3_000);
    expect(recipe.checkpointInterval).toBe(500);
    expect(recipe.sampleInterval).toBe(500);
    expect(recipe.samplePrompts).toHaveLength(1);
    expect(recipe.samplePrompts[0]).toContain('ohwx');
  });
});

describe('overrides', () => {
  test('take the place of defaults', () => {
    const recipe = resolveRecipe('flux', 'ohwx', { steps: 900, resolution: 512, rank: 16, sampleCount: 3 });

    expect(recipe).toMatchObject({ steps: 900, resolution: [512], rank: 16 });
    expect(recipe.samplePrompts).toHaveLength(3);
  });

  test('a checkpoint is never later than the end', () => {
    expect(resolveRecipe('flux', 'ohwx', { steps: 100 }).checkpointInterval).toBe(100);
  });

  test('no samples means no prompts', () => {
    expect(resolveRecipe('flux', 'ohwx', { sampleInterval: 0 }).samplePrompts).toEqual([]);
  });

  test('all faults are named at once', () => {
    const faults = recipeFaults({ steps: 0, rank: 1.5, learningRate: 1, resolution: [100], seed: -1 });

    expect(faults).toHaveLength(5);
    expect(faults.join()).toMatch(/steps.*rank|learningRate/s);
  });

  test.each(['${HF_TOKEN}', 'a --w 4096', 'two\nlines'])('a sample prompt with %j is refused', (prompt) => {
    expect(recipeFaults({ samplePrompts: [prompt] })).toHaveLength(1);
  });

  test.each(['', '${X}', 'a--b', 'a/b', '-x', 'x'.repeat(65)])('the trigger word %j is refused', (word) => {
    expect(triggerWordFaults(word)).not.toEqual([]);
  });

  test.each(['ohwx', 'Mia 2', 'j_doe', 'Zoë'])('the trigger word %j is fine', (word) => {
    expect(triggerWordFaults(word)).toEqual([]);
  });
});

describe('every field of the table', () => {
  test.each(recipeFields)('%s has limits, and what is beyond them is refused', (field, { shape }) => {
    const { good, bad } = samplesOf(shape);

    for (const value of good) expect(recipeFaults({ [field]: value })).toEqual([]);
    for (const value of bad) expect(recipeFaults({ [field]: value })).toEqual([expect.stringContaining(field)]);
  });

  test.each(recipeFields.filter(([field]) => field !== 'sampleCount'))('%s reaches the recipe', (field, { shape }) => {
    const [value] = samplesOf(shape).good;
    const usual = resolveRecipe('flux', 'ohwx', { steps: 20_000 });
    const recipe = resolveRecipe('flux', 'ohwx', { steps: 20_000, [field]: value });

    expect(recipe[field as keyof typeof recipe]).toEqual(value);
    expect(recipe).not.toEqual(usual);
  });

  test.each(
    recipeFields.flatMap(([field, { byDefault }]) => (typeof byDefault === 'number' ? [[field, byDefault]] : [])),
  )('%s is %d when nothing is said', (field, value) => {
    const recipe = resolveRecipe('flux', 'ohwx');

    expect(field === 'sampleCount' ? recipe.samplePrompts.length : recipe[field as keyof typeof recipe]).toBe(value);
  });
});

test('a checkpoint fits a recipe of the same shape alone', () => {
  const { rank } = RECIPE_FIELDS;
  const recipe = resolveRecipe('flux', 'ohwx');

  expect(shapeOf(recipe)).toEqual({ rank: rank.byDefault });
  expect(shapeObstacle({ rank: 32 }, recipe)).toBeNull();
  expect(shapeObstacle({ rank: 16 }, recipe)).toBe('The save has rank 16, the recipe 32');
  expect(shapeObstacle({ rank: null }, recipe)).toBe('The save has rank unknown, the recipe 32');
});

/** Values within the limits, the first one nobody's default, and values just beyond them. */
function samplesOf(shape: FieldShape): { readonly good: readonly unknown[]; readonly bad: readonly unknown[] } {
  switch (shape.kind) {
    case 'number':
      return {
        good: [shape.whole ? Math.ceil(shape.max / 2) : shape.max / 2, shape.min, shape.max],
        bad: [shape.min - 1, shape.max * 2, '1', null, ...(shape.whole ? [1.5] : [])],
      };
    case 'switch':
      return { good: [true, false], bad: ['true', 1, null] };
    case 'sides': {
      const { min, max, multipleOf, maxItems } = shape;
      return {
        good: [[min], min, max, Array.from({ length: maxItems }, () => min)],
        bad: [min - multipleOf, max + multipleOf, min + 1, [], Array.from({ length: maxItems + 1 }, () => min), null],
      };
    }
    case 'texts':
      return {
        good: [['a portrait'], []],
        bad: [
          Array.from({ length: shape.maxItems + 1 }, () => 'x'),
          ['x'.repeat(shape.maxLength + 1)],
          [' '],
          'x',
          [1],
        ],
      };
  }
}
