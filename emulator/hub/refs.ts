import { readJson, sendJson, sendText } from '../core/http.ts';
import { hubFailure, revisionNotFound } from './failures.ts';
import { addCommit, resolveRevision } from './hub.ts';
import type { RepoRequest } from './routes.ts';

/** GET …/refs. */
export function listRefs({ call, repo }: RepoRequest): void {
  const render = (refs: Map<string, string>, kind: string): object[] =>
    [...refs].map(([name, targetCommit]) => ({ name, ref: `refs/${kind}/${name}`, targetCommit }));
  sendJson(call.res, 200, { tags: render(repo.tags, 'tags'), branches: render(repo.branches, 'heads'), converts: [] });
}

/** POST …/branch/{name}. */
export async function createBranch({ world, call, repo, args, user = '' }: RepoRequest): Promise<void> {
  const [name = ''] = args;
  const body = (await readJson(call.body)) as { startingPoint?: string; emptyBranch?: boolean; overwrite?: boolean };
  if (repo.branches.has(name) && body.overwrite !== true)
    throw hubFailure(409, `Reference already exists: refs/heads/${name}`);
  if (body.emptyBranch === true) {
    repo.branches.delete(name);
    addCommit(repo, {
      branch: name,
      title: 'initial commit',
      message: '',
      user,
      atMs: world.clock.now(),
      tree: new Map(),
    });
  } else {
    const start = resolveRevision(repo, body.startingPoint ?? 'main');
    if (start === undefined) throw revisionNotFound(body.startingPoint ?? 'main');
    repo.branches.set(name, start.oid);
  }
  sendText(call.res, 200, 'OK');
}

/** DELETE …/branch/{name}. */
export function deleteBranch({ call, repo, args }: RepoRequest): void {
  const [name = ''] = args;
  if (name === 'main') throw hubFailure(403, 'Cannot delete refs/heads/main');
  if (!repo.branches.delete(name)) throw revisionNotFound(name);
  sendText(call.res, 200, 'OK');
}

/** POST …/tag/{rev} {tag, message?}: 409 when it exists. */
export async function createTag({ call, repo, args }: RepoRequest): Promise<void> {
  const [revision = 'main'] = args;
  const body = (await readJson(call.body)) as { tag?: unknown };
  if (typeof body.tag !== 'string' || body.tag === '') throw hubFailure(400, '"tag" is required');
  const target = resolveRevision(repo, revision);
  if (target === undefined) throw revisionNotFound(revision);
  if (repo.tags.has(body.tag)) throw hubFailure(409, `Tag reference exists already: refs/tags/${body.tag}`);
  repo.tags.set(body.tag, target.oid);
  sendText(call.res, 200, 'OK');
}

/** DELETE …/tag/{tag}. */
export function deleteTag({ call, repo, args }: RepoRequest): void {
  const [name = ''] = args;
  if (!repo.tags.delete(name)) throw revisionNotFound(name);
  sendText(call.res, 200, 'OK');
}
