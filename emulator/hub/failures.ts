import { HttpFailure } from '../core/http.ts';

// Error bodies and X-Error-* headers as huggingface_hub and @huggingface/hub read them (huggingface.js at 2.17.5,
// 2026).

export function hubFailure(status: number, error: string, code?: string): HttpFailure {
  return new HttpFailure(status, { error }, { ...(code && { 'x-error-code': code }), 'x-error-message': error });
}

/** A repository that is missing, or private to somebody else: 401 for those who may not know, as on the Hub. */
export function repoNotFound(isSignedIn: boolean): HttpFailure {
  return isSignedIn
    ? hubFailure(404, 'Repository not found', 'RepoNotFound')
    : hubFailure(401, 'Invalid username or password.', 'RepoNotFound');
}

export function revisionNotFound(revision: string): HttpFailure {
  return hubFailure(404, `Invalid rev id: ${revision}`, 'RevisionNotFound');
}

export function entryNotFound(): HttpFailure {
  return hubFailure(404, 'Entry not found', 'EntryNotFound');
}
