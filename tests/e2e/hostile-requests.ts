/** Requests that people with bad intentions send, as data: what goes out, and what the API must answer. */

/** Texts for every place that takes one. */
export const HOSTILE_TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['nothing', ''],
  ['NUL', 'a\0b'],
  ['NUL alone', '\0'],
  ['the first half of a surrogate pair', 'a\ud800'],
  ['the second half of a surrogate pair', '\udc00b'],
  ['control characters', 'a\r\nb\u0007\u001b[31m'],
  ['text that turns around', '\u202eexe.gpj\u202d'],
  ['thousands of characters', 'x'.repeat(5_000)],
  ['emoji', '👩‍👩‍👧'.repeat(60)],
  ['SQL', `'; DROP TABLE "users"; --`],
  ['a path', '../../../../etc/passwd'],
  ['a percent sign', '%00%ed%a0%80%zz'],
  ['a template', '${process.env} {{7*7}} %s %n'],
  ['markup', '<img src=x onerror=alert(1)>'],
  ['the name of a prototype', '__proto__'],
  ['a number', '1e400'],
  ['true', 'true'],
  ['null', 'null'],
];

/** Values of the wrong type for every place in a body. */
export const HOSTILE_VALUES: readonly (readonly [name: string, json: string])[] = [
  ['null', 'null'],
  ['a list', '[]'],
  ['an object', '{}'],
  ['an object within a list', '[{"a":[null]}]'],
  ['infinity', '1e400'],
  ['minus zero', '-0'],
  ['a number beyond 64 bits', '123456789012345678901234567890'],
  ['a tiny number', '1e-320'],
  ['true', 'true'],
];

export interface HostileRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number;
  readonly code: string;
}

const form = (body: string, type = 'multipart/form-data; boundary=b'): Omit<HostileRequest, 'status' | 'code'> => ({
  method: 'POST',
  url: '/v1/images',
  headers: { 'content-type': type },
  body,
});
const FILE = '--b\r\ncontent-disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n';

export interface HostileBytes {
  readonly bytes: string;
  readonly status: number;
  readonly code: string;
}

/** What is no HTTP at all, or what Node's parser refuses: the bytes of a connection and the answer. */
export const HOSTILE_BYTES: Readonly<Record<string, HostileBytes>> = {
  'no HTTP': { bytes: 'hello\r\n\r\n', status: 400, code: 'BAD_REQUEST' },
  'a method of nobody': { bytes: 'FOO /healthz HTTP/1.1\r\nhost: x\r\n\r\n', status: 400, code: 'BAD_REQUEST' },
  'no host': { bytes: 'GET /healthz HTTP/1.1\r\n\r\n', status: 400, code: 'BAD_REQUEST' },
  'headers without end': {
    bytes: `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    status: 431,
    code: 'HEADERS_TOO_LARGE',
  },
  'a negative length': {
    bytes: 'POST /v1/datasets HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
    status: 400,
    code: 'BAD_REQUEST',
  },
  'two lengths': {
    bytes: 'POST /v1/datasets HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    status: 400,
    code: 'BAD_REQUEST',
  },
  'NUL in a header': { bytes: 'GET /healthz HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n', status: 400, code: 'BAD_REQUEST' },
  'an expectation of nobody': {
    bytes: 'GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n',
    status: 417,
    code: 'EXPECTATION_FAILED',
  },
};

/** Whole requests with the answer that they must get; an API key is added. */
export const HOSTILE_REQUESTS: Readonly<Record<string, HostileRequest>> = {
  'a form without a boundary': {
    ...form(`${FILE}x\r\n--b--\r\n`, 'multipart/form-data'),
    status: 400,
    code: 'BAD_MULTIPART',
  },
  'a form with an endless boundary': {
    ...form('x', `multipart/form-data; boundary=${'b'.repeat(300)}`),
    status: 400,
    code: 'BAD_MULTIPART',
  },
  'a form that ends within a file': { ...form(`${FILE}some bytes`), status: 400, code: 'BAD_MULTIPART' },
  'a form that ends within a heading': { ...form('--b\r\ncontent-disp'), status: 400, code: 'BAD_MULTIPART' },
  'a form that never begins': { ...form('nothing of a form'), status: 400, code: 'BAD_MULTIPART' },
  'a form with a field named like a prototype': {
    ...form('--b\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\nx\r\n--b--\r\n'),
    status: 400,
    code: 'BAD_MULTIPART',
  },
  'an empty form': { ...form('--b--\r\n'), status: 422, code: 'NO_FILES' },
  'a file name with NUL and thousands of emoji': {
    ...form(
      `--b\r\ncontent-disposition: form-data; name="f"; filename="\0${'😀'.repeat(300)}.jpg"\r\n\r\nx\r\n--b--\r\n`,
    ),
    status: 422,
    code: 'NO_PHOTOS',
  },
  'NUL in a name': {
    method: 'POST',
    url: '/v1/datasets',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"a\\u0000b","imageIds":["01890000-0000-7000-8000-000000000000"]}',
    status: 422,
    code: 'VALIDATION',
  },
  'half of a surrogate pair in a name': {
    method: 'POST',
    url: '/v1/datasets',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"a\\ud800","imageIds":["01890000-0000-7000-8000-000000000000"]}',
    status: 422,
    code: 'VALIDATION',
  },
  'NUL in the name of a field': {
    method: 'POST',
    url: '/v1/datasets',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"a","imageIds":["01890000-0000-7000-8000-000000000000"],"captions":{"a\\u0000":"b"}}',
    status: 422,
    code: 'VALIDATION',
  },
  'a truth for a number': {
    method: 'GET',
    url: '/v1/trainings?limit=true',
    headers: {},
    body: '',
    status: 422,
    code: 'VALIDATION',
  },
  'a number in another notation': {
    method: 'GET',
    url: '/v1/trainings?limit=1e1',
    headers: {},
    body: '',
    status: 422,
    code: 'VALIDATION',
  },
  'a number twice': {
    method: 'GET',
    url: '/v1/trainings?limit=1&limit=2',
    headers: {},
    body: '',
    status: 422,
    code: 'VALIDATION',
  },
  'NUL in a query': {
    method: 'GET',
    url: '/v1/trainings?characterId=a%00b',
    headers: {},
    body: '',
    status: 422,
    code: 'VALIDATION',
  },
  'NUL in an address': {
    method: 'GET',
    url: '/v1/trainings/a%00b',
    headers: {},
    body: '',
    status: 400,
    code: 'BAD_URL',
  },
  'half of a surrogate pair in an address': {
    method: 'GET',
    url: '/v1/trainings/%ed%a0%80',
    headers: {},
    body: '',
    status: 400,
    code: 'BAD_URL',
  },
};
