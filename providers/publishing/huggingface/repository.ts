import { commit, createRepo, HubApiError, pathsInfo, repoExists } from '@huggingface/hub';
import type { CommitOperation } from '@huggingface/hub';
import { Type } from 'typebox';
import { TemperaError } from '../../../core/failure.ts';
import { answerReader } from '../../wire.ts';

const Ref = Type.Object({ name: Type.String(), targetCommit: Type.String() });
const readRefs = answerReader(
  'The Hugging Face Hub',
  'a list of references',
  Type.Object({ branches: Type.Array(Ref), tags: Type.Array(Ref) }),
);

export interface Refs {
  /** Newest commit of `main`; null in an empty repository. */
  readonly main: string | null;
  readonly tags: readonly { readonly name: string; readonly commit: string }[];
}

interface Connection {
  readonly token: string;
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** One model repository on the Hub. Throws TemperaError: AUTH, RATE_LIMITED, PROVIDER_UNAVAILABLE, else PUBLISH_FAILED. */
export function openRepository(id: string, { token, hubUrl, fetch, signal }: Connection) {
  const repo = { type: 'model', name: id } as const;
  const access = { repo, accessToken: token, hubUrl, fetch };

  /** Tags are not in the package: its API is called by hand. */
  async function call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return await fetch(`${hubUrl}/api/models/${id}/${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  return {
    /** Makes the repository unless it is there; its visibility stays what it is then. */
    async ensure({ isPrivate }: { isPrivate: boolean }): Promise<void> {
      try {
        await createRepo({ ...access, visibility: isPrivate ? 'private' : 'public' });
      } catch (error) {
        if (error instanceof HubApiError && error.statusCode === 409) return;
        // A token may write to this repository alone and not make any: fine when it exists.
        if (error instanceof TemperaError && error.code === 'AUTH' && (await repoExists(access))) return;
        throw hubFailure(error, `create ${id}`);
      }
    },

    async refs(): Promise<Refs> {
      const answer = await call('GET', 'refs');
      if (!answer.ok)
        throw new TemperaError('PUBLISH_FAILED', `The Hugging Face Hub: list versions of ${id}: HTTP ${answer.status}`);
      const { branches, tags } = readRefs(await answer.json().catch(() => undefined));
      return {
        main: branches.find(({ name }) => name === 'main')?.targetCommit ?? null,
        tags: tags.map(({ name, targetCommit }) => ({ name, commit: targetCommit })),
      };
    },

    /** Size and SHA-256 of the large files that a revision holds, by path. */
    async largeFiles(
      revision: string,
      paths: readonly string[],
    ): Promise<Map<string, { sizeBytes: number; sha256: string }>> {
      try {
        const found = await pathsInfo({ ...access, revision, paths: [...paths] });
        return new Map(
          found.flatMap(({ path, lfs }) => (lfs ? [[path, { sizeBytes: lfs.size, sha256: lfs.oid }] as const] : [])),
        );
      } catch (error) {
        throw hubFailure(error, `read ${id} back`);
      }
    },

    /** Commits on top of `parent`; `outdated` when somebody else committed in between. */
    async commit(params: {
      parent: string | null;
      title: string;
      operations: CommitOperation[];
    }): Promise<{ status: 'done'; commit: string } | { status: 'outdated' }> {
      const { parent, title, operations } = params;
      try {
        const done = await commit({
          ...access,
          title,
          operations,
          ...(parent !== null && { parentCommit: parent }),
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

    /** Names a commit; `taken` when the tag exists already. */
    async tag(params: { name: string; commit: string; message: string }): Promise<'done' | 'taken'> {
      const answer = await call('POST', `tag/${params.commit}`, { tag: params.name, message: params.message });
      if (answer.ok) return 'done';
      if (answer.status === 409) return 'taken';
      throw new TemperaError(
        'PUBLISH_FAILED',
        `The Hugging Face Hub: tag ${id} as ${params.name}: HTTP ${answer.status}`,
      );
    },
  };
}

export type Repository = ReturnType<typeof openRepository>;

/** The package's error names addresses and quotes requests; only the status and the Hub's own sentence are kept. */
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
