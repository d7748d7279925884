/**
 * Renders docs/recipe.md from the one table in core/recipe-fields.ts: `npx tsx dev/recipe-page.ts`. A test compares the
 * two.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BASE_MODEL_FACTS } from '../core/base-model.ts';
import { FOUNDING_NAMES, recipeFields } from '../core/recipe-fields.ts';
import type { FieldShape } from '../core/recipe-fields.ts';

export const RECIPE_FILE = join(import.meta.dirname, '..', 'docs', 'recipe.md');

export function renderRecipe(): string {
  return [
    '# The recipe',
    '',
    'What `recipe` of `POST /v1/trainings` and of a quote, and `overrides` of a retry, may set (`core/recipe-fields.ts`; this',
    'page is rendered from it). All faults of a request are listed at once. `POST /lora/training/start` takes the fields that',
    'have a name in the last column, beside the others of its body.',
    '',
    '| field | value | default | meaning | at `/lora` |',
    '| --- | --- | --- | --- | --- |',
    ...recipeFields.map(([field, { shape, byDefault, meaning, shapesCheckpoint }]) => {
      const from = typeof byDefault === 'number' ? String(byDefault) : byDefault.from;
      const fits = shapesCheckpoint ? ' An attempt with another value starts from step 0.' : '';
      const founding = FOUNDING_NAMES[field];
      const name = founding === null ? '' : `\`${founding}\``;
      return `| \`${field}\` | ${valueOf(shape)} | ${from} | ${meaning}${fits} | ${name} |`;
    }),
    '',
    '## Defaults of the base models',
    '',
    '| `baseModel` | `steps` | `resolution` | `lowVram` |',
    '| --- | --- | --- | --- |',
    ...Object.entries(BASE_MODEL_FACTS).map(
      ([model, { defaults }]) =>
        `| \`${model}\` | ${defaults.steps} | ${defaults.resolution.join(', ')} | ${defaults.lowVram} |`,
    ),
    '',
  ].join('\n');
}

function valueOf(shape: FieldShape): string {
  switch (shape.kind) {
    case 'number':
      return `${shape.whole ? 'whole number' : 'number'} from ${shape.min} to ${shape.max}`;
    case 'switch':
      return '`true` or `false`';
    case 'sides':
      return `one, or a list of up to ${shape.maxItems}: multiples of ${shape.multipleOf} from ${shape.min} to ${shape.max}`;
    case 'texts':
      return `up to ${shape.maxItems} texts of up to ${shape.maxLength} characters, without \`\${\` and \`--\``;
  }
}

if (process.argv[1] === import.meta.filename) writeFileSync(RECIPE_FILE, renderRecipe());
