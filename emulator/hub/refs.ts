import { sendJson, sendText } from '../core/http.ts';
import { isOn, optionalText, readObject, textOf } from './bodies.ts';
import { hubFailure, revisionNotFound } from './failures.ts';
import { addCommit, isPullRef, resolveRevision } from './state.ts';
import type { RepoRequest } from './request.ts';

/** GET …/refs?include_prs=. */
export function listRefs({ call, repo }: RepoRequest): void {
  const render = (refs: Iterable<[string, string]>, kind: string): object[] =>
    [...refs].map(([name, targetCommit]) => ({ name, ref: `refs/${kind}/${name}`, targetCommit }));
  const branches = [...repo.branches].filter(([name]) => !isPullRef(name));
  const pulls = [...repo.branches].flatMap<[string, string]>(([name, oid]) =>
    isPullRef(name) ? [[name.slice('refs/pr/'.length), oid]] : [],
  );
  sendJson(call.res, 200, {
    tags: render(repo.tags, 'tags'),
    branches: render(branches, 'heads'),
    converts: [],
    ...(isOn(call.query.get('include_prs')) && { pullRequests: render(pulls, 'pr') }),
  });
}

/** POST …/branch/{name}. */
export async function createBranch({ world, call, repo, args, user = '' }: RepoRequest): Promise<void> {
  const [name = ''] = args;
  const body = await readObject(call);
  const startingPoint = optionalText(body, 'startingPoint') ?? 'main';
  if (repo.branches.has(name) && body['overwrite'] !== true)
    throw hubFailure(409, `Reference already exists: refs/heads/${name}`);
  if (body['emptyBranch'] === true) {
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
    const start = resolveRevision(repo, startingPoint);
    if (start === undefined) throw revisionNotFound(startingPoint);
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
  const tag = textOf(await readObject(call), 'tag');
  if (tag === '') throw hubFailure(400, '"tag" is required');
  const target = resolveRevision(repo, revision);
  if (target === undefined) throw revisionNotFound(revision);
  if (repo.tags.has(tag)) throw hubFailure(409, `Tag reference exists already: refs/tags/${tag}`);
  repo.tags.set(tag, target.oid);
  sendText(call.res, 200, 'OK');
}

/** DELETE …/tag/{tag}. */
export function deleteTag({ call, repo, args }: RepoRequest): void {
  const [name = ''] = args;
  if (!repo.tags.delete(name)) throw revisionNotFound(name);
  sendText(call.res, 200, 'OK');
}
