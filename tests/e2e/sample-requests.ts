/** Requests for every route of an OpenAPI document, and variations of them with something bad in one place. */

export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaNode[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
}

export interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema?: SchemaNode }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: SchemaNode }>> };
}

export interface SampleRequest {
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Something put into one place: as text into an address, as JSON into a body. */
export interface Plant {
  readonly name: string;
  readonly text?: string;
  readonly json: string;
}

const ID = '01890000-0000-7000-8000-000000000000';
const PLANTED = '«planted»';

/** A value that fits a schema, more or less: what a route may refuse for its meaning, it may refuse. */
function sampleOf(schema: SchemaNode = {}): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.anyOf !== undefined) return sampleOf(schema.anyOf[0]);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, inner]) => [key, sampleOf(inner)]));
    case 'array':
      return [sampleOf(schema.items)];
    case 'string':
      if (schema.format === 'uuid') return ID;
      return schema.pattern?.includes('[0-9a-f]{64}') === true ? 'a'.repeat(64) : '1';
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    case 'boolean':
      return true;
    default:
      return null;
  }
}

/** Every request of an operation with the plant in one place; each place once. */
export function plantedRequests(path: string, method: string, operation: Operation, plant: Plant): SampleRequest[] {
  const parameters = operation.parameters ?? [];
  const named = (where: string) => parameters.filter((parameter) => parameter.in === where);
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const isJson = type === 'application/json';
  const sample = isJson ? sampleOf(media?.schema) : undefined;
  const request = (place: string, given: { url?: string; headers?: Record<string, string>; body?: string }) => ({
    name: `${method.toUpperCase()} ${path}, ${place}: ${plant.name}`,
    method: method.toUpperCase(),
    url: given.url ?? addressOf(path, parameters),
    headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...given.headers },
    body: given.body ?? (sample === undefined ? undefined : JSON.stringify(sample)),
  });
  const requests: SampleRequest[] = [];
  const { text } = plant;
  if (text !== undefined) {
    for (const { name } of named('path'))
      requests.push(request(name, { url: addressOf(path, parameters, name, text) }));
    for (const { name } of named('query')) {
      requests.push(request(name, { url: `${addressOf(path, parameters)}?${name}=${encoded(text)}` }));
    }
    // A header that cannot be sent at all is no danger to anybody.
    const sendable = /^[\t\x20-\x7e]*$/.test(text);
    if (sendable) for (const { name } of named('header')) requests.push(request(name, { headers: { [name]: text } }));
  }
  for (const { place, body } of plantedBodies(sample))
    requests.push(request(place, { body: body.replace(JSON.stringify(PLANTED), plant.json) }));
  return requests;
}

function addressOf(path: string, parameters: Operation['parameters'] = [], planted?: string, text = ''): string {
  return path.replace(/{(\w+)}/g, (_, name: string) => {
    if (name === planted) return encoded(text);
    return String(
      sampleOf(parameters.find((parameter) => parameter.name === name)?.schema ?? { format: 'uuid', type: 'string' }),
    );
  });
}

/** Percent-encoded as UTF-8; halves of surrogate pairs too, which encodeURIComponent refuses. */
function encoded(text: string): string {
  return Array.from(text)
    .map((sign) => (/\p{Surrogate}/u.test(sign) ? `%ED%A0%${sign < '\udc00' ? '80' : 'B0'}` : encodeURIComponent(sign)))
    .join('');
}

/** The sample as JSON, once for every value and every field name in it, with the mark in that place. */
function* plantedBodies(
  sample: unknown,
  place = 'body',
  wrap = (json: unknown) => json,
): Generator<{ place: string; body: string }> {
  if (sample === undefined) return;
  yield { place, body: JSON.stringify(wrap(PLANTED)) };
  if (Array.isArray(sample)) yield* plantedBodies(sample[0], `${place}[0]`, (inner) => wrap([inner]));
  else if (typeof sample === 'object' && sample !== null) {
    for (const [key, value] of Object.entries(sample))
      yield* plantedBodies(value, `${place}.${key}`, (inner) => wrap({ ...sample, [key]: inner }));
  }
}
