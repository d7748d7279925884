import { describe, expect, test } from 'vitest';
import { BASE_MODELS, parseBaseModel } from './base-model.ts';
import { recipeFaults, resolveRecipe, triggerWordFaults } from './recipe.ts';

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
