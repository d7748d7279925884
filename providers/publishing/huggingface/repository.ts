import { commit, createRepo, HubApiError, pathsInfo } from '@huggingface/hub';
import type { CommitOperation } from '@huggingface/hub';
import { Type } from 'typebox';
import { TemperaError } from '../../../core/failure.ts';
import { answerReader } from '../../wire.ts';
import { hashDownload, readDownload } from './download.ts';
import { holdsMark, MARK_PATH, markFile } from './ownership-mark.ts';

const Ref = Type.Object({ name: Type.String(), targetCommit: Type.String() });
const readRefs = answerReader(
  'The Hugging Face Hub',
  'a list of references',
  Type.Object({ branches: Type.Array(Ref), tags: Type.Array(Ref) }),
);
const readModel = answerReader('The Hugging Face Hub', 'a model', Type.Object({ id: Type.String() }));

/** How much of a mark's file is read at most. Bytes. */
const MAX_MARK_BYTES = 4_096;

export interface Refs {
  /** Newest commit of `main`; null in an empty repository. */
  readonly main: string | null;
  readonly tags: readonly { readonly name: string; readonly commit: string }[];
}

export interface Served {
  readonly sizeBytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

interface Connection {
  readonly token: string;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Longest silence during a download. Milliseconds. */
  readonly idleTimeoutMs: number;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * One model repository on the Hub. Throws TemperaError: AUTH, RATE_LIMITED, PROVIDER_UNAVAILABLE, else PUBLISH_FAILED.
 */
export function openRepository(id: string, connection: Connection) {
  const { token, hubUrl, fetch, signal, idleTimeoutMs, onBytes } = connection;
  const repo = { type: 'model', name: id } as const;
  const access = { repo, accessToken: token, hubUrl, fetch };

  /** For calls that the package lacks. */
  async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return await fetch(`${hubUrl}/api/models/${id}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  const file = (revision: string, path: string) => ({
    url: `${hubUrl}/${id}/resolve/${revision}/${path.split('/').map(encodeURIComponent).join('/')}`,
    token,
    signal,
    idleTimeoutMs,
    onBytes,
  });

  return {
    /** The Hub's own name for it, which may be spelled differently from ours; null when it shows us none. */
    async name(): Promise<string | null> {
      const answer = await call('GET', '');
      const body: unknown = await answer.json().catch(() => undefined);
      if (answer.status === 404 || answer.status === 401) return null;
      if (!answer.ok) throw refused(`look for ${id}`, answer.status);
      return readModel(body).id;
    },

    /** Creates it with the mark in the same request: it is never without an owner. */
    async create(params: { isPrivate: boolean; mark: string }): Promise<'done' | 'taken'> {
      const { isPrivate, mark } = params;
      try {
        const files = [{ path: MARK_PATH, content: new Blob([markFile(mark)]) }];
        await createRepo({ ...access, visibility: isPrivate ? 'private' : 'public', files });
        return 'done';
      } catch (error) {
        if (error instanceof HubApiError && error.statusCode === 409) return 'taken';
        throw hubFailure(error, `create ${id}`);
      }
    },

    async isMarked(revision: string, mark: string): Promise<boolean> {
      const text = await readDownload({ ...file(revision, MARK_PATH), maxBytes: MAX_MARK_BYTES });
      return text !== null && holdsMark(text, mark);
    },

    async refs(): Promise<Refs> {
      const answer = await call('GET', '/refs');
      if (!answer.ok) throw refused(`list versions of ${id}`, answer.status);
      const { branches, tags } = readRefs(await answer.json().catch(() => undefined));
      return {
        main: branches.find(({ name }) => name === 'main')?.targetCommit ?? null,
        tags: tags.map(({ name, targetCommit }) => ({ name, commit: targetCommit })),
      };
    },

    /** What the Hub says about a revision's large files, by path. It proves nothing: `served` does. */
    async largeFiles(revision: string, paths: readonly string[]): Promise<Map<string, Served>> {
      try {
        const found = await pathsInfo({ ...access, revision, paths: [...paths] });
        return new Map(
          found.flatMap(({ path, lfs }) => (lfs ? [[path, { sizeBytes: lfs.size, sha256: lfs.oid }] as const] : [])),
        );
      } catch (error) {
        throw hubFailure(error, `read ${id} back`);
      }
    },

    /** What the Hub really serves at a path, by its bytes; null when there is nothing. */
    async served(params: { revision: string; path: string; maxBytes: number }): Promise<Served | null> {
      const { revision, path, maxBytes } = params;
      return await hashDownload({ ...file(revision, path), maxBytes });
    },

    /** Commits on top of `parent`; `outdated` when somebody else committed in between. */
    async commit(params: {
      parent: string;
      title: string;
      operations: CommitOperation[];
    }): Promise<{ status: 'done'; commit: string } | { status: 'outdated' }> {
      const { parent, title, operations } = params;
      try {
        const done = await commit({
          ...access,
          title,
          operations,
          parentCommit: parent,
          // Xet uploads cannot be aborted and take ten times as long (package version 2.17.5).
          useXet: false,
          abortSignal: signal,
        });
        // Undefined only for buckets, a kind of repository that this is not.
        if (!done)
          throw new TemperaError(
            'PROVIDER_UNAVAILABLE',
            `The Hugging Face Hub: commit to ${id}: no commit in the answer`,
          );
        return { status: 'done', commit: done.commit.oid };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof HubApiError && error.statusCode === 412) return { status: 'outdated' };
        throw hubFailure(error, `commit to ${id}`);
      }
    },

    /** Tags a commit; `taken` when the tag already exists. */
    async tag(params: { name: string; commit: string; message: string }): Promise<'done' | 'taken'> {
      const answer = await call('POST', `/tag/${params.commit}`, { tag: params.name, message: params.message });
      if (answer.ok) return 'done';
      if (answer.status === 409) return 'taken';
      throw refused(`tag ${id} as ${params.name}`, answer.status);
    },
  };
}

export type Repository = ReturnType<typeof openRepository>;

function refused(what: string, status: number): TemperaError {
  return new TemperaError('PUBLISH_FAILED', `The Hugging Face Hub: ${what}: HTTP ${status}`, { ids: { status } });
}

/** The package's error contains addresses and quotes requests; only the status and the Hub's own sentence are kept. */
function hubFailure(error: unknown, what: string): unknown {
  if (error instanceof TemperaError) return error;
  if (error instanceof HubApiError) {
    const said: unknown = error.data?.['error'];
    const sentence = typeof said === 'string' ? `: ${said.slice(0, 200)}` : '';
    return new TemperaError('PUBLISH_FAILED', `The Hugging Face Hub: ${what}: HTTP ${error.statusCode}${sentence}`, {
      ids: { status: error.statusCode },
    });
  }
  return error instanceof SyntaxError || error instanceof TypeError
    ? new TemperaError('PROVIDER_UNAVAILABLE', `The Hugging Face Hub: ${what}: unreadable answer`, { cause: error })
    : error;
}
