import { isRecord, readBody } from '../core/http.ts';
import { hubFailure } from './failures.ts';
import type { Call } from '../core/http.ts';

// What the Hub says about a body that it cannot use is (assumed): nobody has captured it.

/** A JSON object; 400 for anything else. */
export async function readObject(call: Call): Promise<Record<string, unknown>> {
  return parseObject((await readBody(call.body)).toString('utf8'));
}

export function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw hubFailure(400, 'Invalid JSON');
  }
  if (!isRecord(value)) throw hubFailure(400, 'Expected an object');
  return value;
}

/** A list of objects under a name; 400 for anything else. */
export function recordsOf(body: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const value = body[name];
  if (!Array.isArray(value) || !value.every(isRecord)) throw hubFailure(400, `"${name}" must be an array of objects`);
  return value;
}

export function textOf(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw hubFailure(400, `"${name}" must be a string`);
  return value;
}

export function optionalText(body: Record<string, unknown>, name: string): string | undefined {
  return body[name] === undefined || body[name] === null ? undefined : textOf(body, name);
}

export function sizeOf(body: Record<string, unknown>, name: string): number {
  const value = body[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw hubFailure(400, `"${name}" must be a whole number`);
  return value;
}

/** `true` and `1`, as clients of several languages write them in queries and forms. */
export function isOn(text: string | null): boolean {
  return text !== null && /^(?:true|1)$/i.test(text);
}
