import { HttpFailure } from '../core/http.ts';

// Texts: live captures and the OpenAPI document, runpod/docs@a900806e and
// runpod/runpod-plugins-official@8be10ce6 (2026-08-18). Nobody has captured those marked (assumed).

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export const details = {
  unauthorized: 'missing bearer token',
  forbidden: 'access denied',
  podNotFound: 'pod not found',
  notFound: 'resource not found',
  method: 'The requested method is not allowed for this path.',
  validation: 'Request validation failed.',
  badRequest: 'request could not be processed',
  noCapacity:
    'There are no longer any instances available with the requested specifications. Please refresh and try again.',
  badConfig: 'You must either provide a template id or pod configuration parameters',
  hostFull: 'There are not enough free GPUs on the host machine to start this pod.',
  noBalance: 'Your account balance is too low to create this pod.', // (assumed)
  conflict: 'action is not valid for the current pod status', // (assumed)
  tooLarge: 'request body exceeds 102400 bytes', // (assumed)
  server: 'internal error', // (assumed)
  include: "'include' and 'product' must be given together", // (assumed)
} as const;

/** An RFC 9457 body as the service writes it. */
export function problem(
  status: number,
  detail: string,
  extra: { errors?: string[]; headers?: Record<string, string> } = {},
): HttpFailure {
  const body = { title: titles[status] ?? 'Error', status, detail, ...(extra.errors && { errors: extra.errors }) };
  return new HttpFailure(status, body, { 'content-type': 'application/problem+json', ...extra.headers });
}
