import { FRAMINGS } from '../../core/curation.ts';
import type { PhotoOverride } from '../../core/curation.ts';

/** A person's overrides of photos, by file name or SHA-256. */
export type Overrides = ReadonlyMap<string, PhotoOverride>;

const FIELDS = new Set(['decision', 'framing', 'caption', 'why', 'by']);

/**
 * Reads the text of an overrides file. Throws an error with one sentence when it is not one; `name` appears in it, and
 * as the author unless `by` is given.
 */
export function parseOverrides(text: string, name: string): Overrides {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isRecord(json)) throw new Error(`${name} must contain an object whose keys are file names or SHA-256 sums.`);
  return new Map(Object.entries(json).map(([key, value]) => [key, parseOverride(value, `${name}, ${key}`, name)]));
}

function parseOverride(value: unknown, where: string, file: string): PhotoOverride {
  if (!isRecord(value)) throw new Error(`${where}: must be an object such as {"decision": "pin", "why": "..."}.`);
  const unknown = Object.keys(value).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw new Error(`${where}: "${unknown}" is not one of ${[...FIELDS].join(', ')}.`);
  const text = (field: string): string | null => {
    const given = value[field] ?? null;
    if (given !== null && typeof given !== 'string') throw new Error(`${where}: ${field} must be a string.`);
    return given;
  };
  const oneOf = <Value extends string>(field: string, allowed: readonly Value[]): Value | null => {
    const given = text(field);
    const found = allowed.find((entry) => entry === given);
    if (given !== null && found === undefined) throw new Error(`${where}: ${field} must be ${allowed.join(' or ')}.`);
    return found ?? null;
  };
  return {
    decision: oneOf('decision', ['pin', 'exclude'] as const),
    framing: oneOf('framing', FRAMINGS),
    caption: text('caption'),
    by: text('by') ?? file,
    why: text('why'),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
