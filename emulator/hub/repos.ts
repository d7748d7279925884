import { sendJson, sendText } from '../core/http.ts';
import { optionalText, readObject, recordsOf, textOf } from './bodies.ts';
import { hubFailure, repoNotFound, revisionNotFound } from './failures.ts';
import { addCommit, gitBlobId, resolveRevision } from './state.ts';
import { storeBlob } from './commit.ts';
import type { Commit, Repo } from './state.ts';
import type { HubRequest, RepoRequest } from './request.ts';

/** GET /api/whoami-v2. */
export function whoAmI({ call, user }: HubRequest): void {
  if (user === undefined) throw hubFailure(401, 'Invalid username or password.');
  sendJson(call.res, 200, {
    type: 'user',
    id: Buffer.from(user.padEnd(12, '0')).toString('hex').slice(0, 24),
    name: user,
    fullname: user,
    email: `${user}@example.test`,
    emailVerified: true,
    canPay: false,
    periodEnd: null,
    isPro: false,
    billingMode: 'prepaid',
    avatarUrl: '/avatars/emulated.svg',
    orgs: [],
    auth: {
      type: 'access_token',
      accessToken: { displayName: 'emulated', role: 'write', createdAt: '2026-01-01T00:00:00.000Z' },
    },
  });
}

/** POST /api/repos/create: 409 with the url when it exists, only in one's own namespace. */
export async function createRepo({ world, call, user }: HubRequest): Promise<void> {
  const body = await readObject(call);
  if (user === undefined) throw hubFailure(401, 'Invalid username or password.');
  const name = textOf(body, 'name');
  if (!isRepoName(name)) throw hubFailure(400, `Invalid repo name: ${name}`);
  if ((optionalText(body, 'type') ?? 'model') !== 'model')
    throw hubFailure(400, 'The emulator has model repositories only');
  const owner = optionalText(body, 'organization') ?? user;
  if (owner !== user)
    throw hubFailure(403, `You don't have the rights to create a model under the namespace "${owner}"`);
  const id = `${owner}/${name}`;
  const url = `${call.worldUrl}/hub/${id}`;
  const isTaken = (): boolean => {
    if (world.hub.find(id)?.id.toLowerCase() !== id.toLowerCase()) return false;
    sendJson(call.res, 409, { error: 'You already created this model repo', url });
    return true;
  };
  if (isTaken()) return;
  // All bytes are stored before the repository is there, so that nobody sees it without its files.
  const tree: Commit['tree'] = new Map();
  for (const file of body['files'] === undefined ? [] : recordsOf(body, 'files')) {
    const path = textOf(file, 'path');
    const bytes = Buffer.from(textOf(file, 'content'), file['encoding'] === 'base64' ? 'base64' : 'utf8');
    await storeBlob(world.hub, bytes);
    tree.set(path, { path, oid: gitBlobId(bytes), size: bytes.length });
  }
  if (isTaken()) return;
  const repo = world.hub.createRepo({
    id,
    owner,
    isPrivate: body['private'] === true || body['visibility'] === 'private',
    nowMs: world.clock.now(),
  });
  if (tree.size > 0)
    addCommit(repo, { branch: 'main', title: 'Add files', message: '', user, atMs: world.clock.now(), tree });
  sendJson(call.res, 200, { url, name: id, id: repo.objectId });
}

/** DELETE /api/repos/delete. */
export async function deleteRepo({ world, call, user }: HubRequest): Promise<void> {
  const body = await readObject(call);
  const id = `${optionalText(body, 'organization') ?? user ?? ''}/${textOf(body, 'name')}`;
  const repo = world.hub.repos.get(id);
  if (repo === undefined || repo.owner !== user) throw repoNotFound(user !== undefined);
  world.hub.delete(repo);
  sendText(call.res, 200, 'OK');
}

/** POST /api/repos/move {fromRepo, toRepo, type}: the former name redirects from then on. */
export async function moveRepo({ world, call, user }: HubRequest): Promise<void> {
  const body = await readObject(call);
  const repo = world.hub.repos.get(textOf(body, 'fromRepo'));
  const type = optionalText(body, 'type') ?? 'model';
  if (type !== 'model' || repo === undefined || repo.owner !== user) throw repoNotFound(user !== undefined);
  const [owner, name = ''] = textOf(body, 'toRepo').split('/');
  if (!isRepoName(name)) throw hubFailure(400, `Invalid repo name: ${name}`);
  if (owner !== user)
    throw hubFailure(403, `You don't have the rights to create a model under the namespace "${owner}"`);
  const taken = world.hub.find(`${owner}/${name}`);
  if (taken !== undefined && taken !== repo) throw hubFailure(409, `${owner}/${name} exists already`);
  world.hub.move(repo, `${owner}/${name}`);
  sendText(call.res, 200, 'OK');
}

/** PUT /api/models/{id}/settings; of the settings only the visibility has an effect here. */
export async function changeSettings({ call, repo }: RepoRequest): Promise<void> {
  const body = await readObject(call);
  const { private: isPrivate, visibility, gated, discussionsDisabled } = body;
  if (isPrivate !== undefined && typeof isPrivate !== 'boolean') throw hubFailure(400, '"private" must be a boolean');
  if (visibility !== undefined && visibility !== 'private' && visibility !== 'public')
    throw hubFailure(400, '"visibility" must be "private" or "public"');
  if (gated !== undefined && gated !== false && gated !== 'auto' && gated !== 'manual')
    throw hubFailure(400, '"gated" must be false, "auto" or "manual"');
  if (visibility !== undefined) repo.isPrivate = visibility === 'private';
  else if (isPrivate !== undefined) repo.isPrivate = isPrivate;
  sendJson(call.res, 200, {
    private: repo.isPrivate,
    visibility: repo.isPrivate ? 'private' : 'public',
    ...(gated !== undefined && { gated }),
    ...(discussionsDisabled !== undefined && { discussionsDisabled }),
  });
}

function isRepoName(name: string): boolean {
  return /^[\w.-]{1,96}$/.test(name) && !/^[.-]|[.-]$|--|\.\.|\.git$/.test(name);
}

/** GET /api/models/{id} and /revision/{rev}. */
export function modelInfo({ call, repo, args }: RepoRequest): void {
  const revision = args[0] || 'main';
  const commit = resolveRevision(repo, revision);
  if (commit === undefined) throw revisionNotFound(revision);
  sendJson(call.res, 200, renderModel(repo, commit));
}

/** GET /api/models?author=&search=&limit=. */
export function listModels({ world, call, user }: HubRequest): void {
  const author = call.query.get('author');
  const search = call.query.get('search');
  const limit = Number(call.query.get('limit') ?? 500);
  const repos = [...world.hub.repos.values()]
    .filter(
      (repo) =>
        (!repo.isPrivate || repo.owner === user) &&
        (author === null || repo.owner === author) &&
        (search === null || repo.id.includes(search)),
    )
    .slice(0, limit);
  sendJson(
    call.res,
    200,
    repos.map((repo) => renderModel(repo, resolveRevision(repo, 'main'))),
  );
}

function renderModel(repo: Repo, commit: Commit | undefined): object {
  return {
    _id: repo.objectId,
    id: repo.id,
    modelId: repo.id,
    author: repo.owner,
    sha: commit?.oid,
    private: repo.isPrivate,
    gated: false,
    disabled: false,
    downloads: 0,
    likes: 0,
    tags: [],
    createdAt: new Date(repo.createdAtMs).toISOString(),
    lastModified: new Date(commit?.atMs ?? repo.createdAtMs).toISOString(),
    siblings: [...(commit?.tree.keys() ?? [])].map((rfilename) => ({ rfilename })),
  };
}
