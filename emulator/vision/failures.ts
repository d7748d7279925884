import { HttpFailure } from '../core/http.ts';

// The error object of OpenAI's API: https://platform.openai.com/docs/guides/error-codes (read 2026-11).

export function visionFailure(
  status: number,
  error: { message: string; type: string; param?: string; code?: string },
  headers: Record<string, string> = {},
): HttpFailure {
  return new HttpFailure(status, { error: { param: null, code: null, ...error } }, headers);
}

export function badRequest(message: string, param?: string, code?: string): HttpFailure {
  return visionFailure(400, {
    message,
    type: 'invalid_request_error',
    ...(param !== undefined && { param }),
    ...(code !== undefined && { code }),
  });
}

/** The vendor quotes both ends of a wrong key, as reports of 2023 to 2025 show. */
export function wrongKey(key: string | undefined): HttpFailure {
  const message =
    key === undefined
      ? "You didn't provide an API key."
      : `Incorrect API key provided: ${key.slice(0, 8)}****${key.slice(-4)}.`;
  return visionFailure(401, { message, type: 'invalid_request_error', code: 'invalid_api_key' });
}
