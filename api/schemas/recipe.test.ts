import { expect, test } from 'vitest';
import { RECIPE_FIELDS } from '../../core/recipe-fields.ts';
import { FoundingRecipe, RecipeBody, recipeOfFounding } from './recipe.ts';

test('a request may set what the table has, and nothing else', () => {
  const { properties, additionalProperties, required } = RecipeBody as unknown as {
    properties: object;
    additionalProperties: boolean;
    required?: string[];
  };

  expect(Object.keys(properties)).toEqual(Object.keys(RECIPE_FIELDS));
  expect(additionalProperties).toBe(false);
  expect(required ?? []).toEqual([]);
});

test('the founding documents’ names become ours, and nothing else of their body does', () => {
  const body = { lowVRAM: true, steps: 900, samplePrompts: undefined, characterId: 'mia', rank: 8 };

  expect(recipeOfFounding(body)).toStrictEqual({ lowVram: true, steps: 900 });
  expect(Object.keys(FoundingRecipe)).toContain('lowVRAM');
});
