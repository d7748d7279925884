import { randomUUID } from 'node:crypto';
import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, sendJson } from '../core/http.ts';
import { createRouter, decodeSegment } from '../core/router.ts';
import { isOn } from './bodies.ts';
import { commit } from './commit.ts';
import { hubFailure, repoNotFound } from './failures.ts';
import { batch, completeParts, putObject, putPart } from './lfs.ts';
import { createBranch, createTag, deleteBranch, deleteTag, listRefs } from './refs.ts';
import { changeSettings, createRepo, deleteRepo, listModels, modelInfo, moveRepo, whoAmI } from './repos.ts';
import { sendEntry } from './resolve.ts';
import { listCommits, listTree, pathsInfo, preupload } from './tree.ts';
import { xetStorage, xetToken } from './xet.ts';
import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { Route } from '../core/router.ts';
import type { World } from '../world.ts';
import type { HubRequest, RepoRequest } from './request.ts';
import type { Repo } from './state.ts';

type Handler = (request: HubRequest) => Promise<void> | void;

/** `propose` is write access, or read access to open a pull request. */
type Access = 'read' | 'write' | 'propose';

/** A route whose first two segments are owner and name of a repository. */
function ofRepo(access: Access, handle: (request: RepoRequest) => Promise<void> | void): Handler {
  return (request) => {
    const [owner = '', name = '', ...args] = request.args;
    return handle({ ...request, args, repo: openRepo(request, `${owner}/${name}`, access) });
  };
}

// https://huggingface.co/.well-known/openapi.json (Hub API, read 2026-11) and the wire of @huggingface/hub 2.17.5.
const repoPath = '/api/models/{owner}/{name}';
const resolve = ofRepo('read', (request) => sendEntry(request, 'resolve'));
const raw = ofRepo('read', (request) => sendEntry(request, 'raw'));
const route = (name: string, path: string, methods: Record<string, Handler>): Route<Handler> => ({
  name,
  path,
  methods,
});
const find = createRouter([
  route('whoami', '/api/whoami-v2', { GET: whoAmI }),
  route('repos/create', '/api/repos/create', { POST: createRepo }),
  route('repos/delete', '/api/repos/delete', { DELETE: deleteRepo }),
  route('repos/move', '/api/repos/move', { POST: moveRepo }),
  route('models', '/api/models', { GET: listModels }),
  route('model', repoPath, { GET: ofRepo('read', modelInfo) }),
  route('model/revision', `${repoPath}/revision/{revision}`, { GET: ofRepo('read', modelInfo) }),
  route('settings', `${repoPath}/settings`, { PUT: ofRepo('write', changeSettings) }),
  route('xet-write-token', `${repoPath}/xet-write-token/{revision}`, { GET: ofRepo('write', xetToken) }),
  route('xet-read-token', `${repoPath}/xet-read-token/{revision}`, { GET: ofRepo('read', xetToken) }),
  route('xet', '/xet/.*', { GET: xetStorage, HEAD: xetStorage, POST: xetStorage }),
  route('preupload', `${repoPath}/preupload/{revision}`, { POST: ofRepo('propose', preupload) }),
  route('commit', `${repoPath}/commit/{revision}`, { POST: ofRepo('propose', commit) }),
  route('tree', `${repoPath}/tree/{revision}(?:/(.*))?`, { GET: ofRepo('read', listTree) }),
  route('paths-info', `${repoPath}/paths-info/{revision}`, { POST: ofRepo('read', pathsInfo) }),
  route('commits', `${repoPath}/commits/{revision}`, { GET: ofRepo('read', listCommits) }),
  route('refs', `${repoPath}/refs`, { GET: ofRepo('read', listRefs) }),
  route('branch', `${repoPath}/branch/{branch}`, {
    POST: ofRepo('write', createBranch),
    DELETE: ofRepo('write', deleteBranch),
  }),
  route('tag', `${repoPath}/tag/{revision}`, { POST: ofRepo('write', createTag), DELETE: ofRepo('write', deleteTag) }),
  route('lfs/batch', '/{owner}/{name}\\.git/info/lfs/objects/batch', { POST: ofRepo('write', batch) }),
  route('lfs/object', '/lfs/object/([0-9a-f]{64})', { PUT: putObject }),
  route('lfs/part', '/lfs/part/([0-9a-f]{64})/(\\d+)', { PUT: putPart }),
  route('lfs/complete', '/lfs/complete/([0-9a-f]{64})', { POST: completeParts }),
  route('resolve', '/{owner}/{name}/resolve/{revision}/(.+)', { GET: resolve, HEAD: resolve }),
  route('raw', '/{owner}/{name}/raw/{revision}/(.+)', { GET: raw, HEAD: raw }),
]);

/** The Hugging Face Hub as its JavaScript client uses it. */
export async function handleHub(world: World, call: Call): Promise<void> {
  const found = find(call.method, call.path);
  const name = found.status === 'found' ? found.name : undefined;
  world.book.countRequest(`${call.method} hub ${name ?? 'unknown'}`);
  call.res.setHeader('x-request-id', call.headers['x-request-id'] ?? randomUUID());
  const fault = world.faults.take('hub', { method: call.method, path: call.path, route: name }, (effect) => {
    if (effect === 'corrupt' || effect === 'truncate') return name === 'resolve';
    return name === 'commit' || !effect.startsWith('commit-but-');
  });
  if (
    await applyHttpFault(call, fault, (_, status, spoilt) => refuse(call, status, spoilt.detail, spoilt.retryAfterSec))
  )
    return;
  if (fault?.effect === 'corrupt') call.transfer.corruptAtByte = fault.bytes ?? 1024;
  if (fault?.effect === 'truncate') call.transfer.truncateAfterBytes = fault.bytes ?? 1024;
  const unhide = hideSuccess(call, fault);
  try {
    const user = signIn(world, call);
    if (found.status !== 'found') throw hubFailure(404, 'Not found');
    await found.handler({ world, call, user, args: found.args.map(decodeSegment) });
  } catch (error) {
    unhide();
    if (!(error instanceof HttpFailure)) throw error;
    call.body.resume();
    sendJson(call.res, error.status, error.body, error.headers);
  }
}

function refuse(call: Call, status: number, detail = 'Emulated failure', retryAfterSec = 1): void {
  const headers: Record<string, string> =
    status === 429
      ? {
          'retry-after': String(retryAfterSec),
          ratelimit: `"api";r=0;t=${retryAfterSec}`,
          'ratelimit-policy': '"fixed window";"api";q=1000;w=300',
        }
      : {};
  sendJson(call.res, status, { error: detail }, { ...headers, 'x-error-message': detail });
}

/**
 * Hides that the commit was made; silence stands for the real Hub's limit of 60 s. Returns how to let the handler's own
 * answer through.
 */
function hideSuccess(call: Call, fault: Fault | undefined): () => void {
  const { res } = call;
  const { writeHead, end } = res;
  const restore = (): void => void Object.assign(res, { writeHead, end });
  const instead = {
    'commit-but-timeout': (): void => undefined,
    'commit-but-reset': (): void => void res.destroy(),
    'commit-but-500': (): void => refuse(call, 500, fault?.detail),
  }[fault?.effect ?? ''];
  if (instead === undefined) return restore;
  res.writeHead = () => res;
  res.end = () => {
    restore();
    instead();
    return res;
  };
  return restore;
}

/** The user of the token; an unknown token is refused, and no token means anonymous. */
function signIn(world: World, call: Call): string | undefined {
  const token = bearerToken(call.headers);
  if (token === undefined) return undefined;
  const user = world.config.hubTokens[token];
  if (user === undefined) throw hubFailure(401, 'Invalid credentials in Authorization header');
  return user;
}

/** 307, which repeats method and body at the new address. */
function redirect(call: Call, from: string, to: string): HttpFailure {
  const query = call.query.toString();
  const location = `${call.worldUrl}/hub${call.path.replace(from, to)}${query && `?${query}`}`;
  return new HttpFailure(307, { error: `Temporary Redirect. Redirecting to ${location}` }, { location });
}

function openRepo({ world, user, call }: HubRequest, id: string, access: Access): Repo {
  const repo = world.hub.find(id);
  if (repo === undefined || (repo.isPrivate && repo.owner !== user)) throw repoNotFound(user !== undefined);
  if (repo.id !== id) throw redirect(call, id, repo.id);
  if (access !== 'read' && user === undefined) throw repoNotFound(false);
  const isProposal = access === 'propose' && isOn(call.query.get('create_pr'));
  if (access !== 'read' && !isProposal && repo.owner !== user)
    throw hubFailure(403, 'You do not have write access to this repository');
  return repo;
}
