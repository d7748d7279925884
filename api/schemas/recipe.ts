/** The recipe in requests: schemas of the one table in core/recipe-fields.ts, and the founding documents' names. */
import { Type } from '@fastify/type-provider-typebox';
import type { TOptional, TSchema, TUnsafe } from '@fastify/type-provider-typebox';
import { FOUNDING_NAMES, RECIPE_FIELDS, recipeFields } from '../../core/recipe-fields.ts';
import type { FieldShape, RecipeField, RecipeOverrides } from '../../core/recipe-fields.ts';

/** Types only: core lists everything that exceeds a limit at once. */
const SCHEMAS: Readonly<Record<FieldShape['kind'], () => TSchema>> = {
  number: () => Type.Number(),
  switch: () => Type.Boolean(),
  sides: () => Type.Union([Type.Number(), Type.Array(Type.Number())]),
  texts: () => Type.Array(Type.String()),
};

type FieldSchema<Field extends RecipeField> = TOptional<TUnsafe<NonNullable<RecipeOverrides[Field]>>>;

/** The schema of one optional field. */
export function recipeField<Field extends RecipeField>(field: Field): FieldSchema<Field> {
  return Type.Optional(Type.Unsafe<NonNullable<RecipeOverrides[Field]>>(SCHEMAS[RECIPE_FIELDS[field].shape.kind]()));
}

export const RecipeBody = Type.Unsafe<RecipeOverrides>(
  Type.Object(Object.fromEntries(recipeFields.map(([field]) => [field, recipeField(field)])), {
    additionalProperties: false,
    description: 'Differences from the base model’s default recipe.',
  }),
);

type FoundingField = {
  [Field in RecipeField]: (typeof FOUNDING_NAMES)[Field] extends string ? Field : never;
}[RecipeField];

type FoundingSchemas = { [Field in FoundingField as (typeof FOUNDING_NAMES)[Field]]: FieldSchema<Field> };
type FoundingRecipe = { readonly [Field in FoundingField as (typeof FOUNDING_NAMES)[Field]]?: RecipeOverrides[Field] };

const foundingFields = (Object.entries(FOUNDING_NAMES) as readonly (readonly [RecipeField, string | null])[]).flatMap(
  ([field, name]) => (name === null ? [] : [{ field, name }]),
);

/** Schemas of the fields under the founding documents' names. */
export const FoundingRecipe = Object.fromEntries(
  foundingFields.map(({ field, name }) => [name, recipeField(field)]),
) as FoundingSchemas;

/** The recipe of a request in the founding documents' names. */
export function recipeOfFounding(body: FoundingRecipe): RecipeOverrides {
  const values: Readonly<Record<string, unknown>> = body;
  return Object.fromEntries(
    foundingFields.flatMap(({ field, name }) => (values[name] === undefined ? [] : [[field, values[name]]])),
  );
}
