import { randomUUID } from 'node:crypto';
import { applyHttpFault } from '../core/http-faults.ts';
import { HttpFailure, bearerToken, sendJson } from '../core/http.ts';
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
import type { World } from '../world.ts';
import type { Repo } from './hub.ts';

/** What a Hub handler gets; `args` are the decoded groups of the path after the repository. */
export interface HubRequest {
  world: World;
  call: Call;
  user: string | undefined;
  args: string[];
}

export interface RepoRequest extends HubRequest {
  repo: Repo;
}

interface Route {
  method: string;
  pattern: RegExp;
  name: string;
  handle: (request: HubRequest) => Promise<void> | void;
}

/** `propose` is write access, or read access to open a pull request. */
type Access = 'read' | 'write' | 'propose';

/** A route whose first two groups are owner and name of a repository. */
function ofRepo(access: Access, handle: (request: RepoRequest) => Promise<void> | void): Route['handle'] {
  return (request) => {
    const [owner = '', name = '', ...args] = request.args;
    return handle({ ...request, args, repo: openRepo(request, `${owner}/${name}`, access) });
  };
}

// https://huggingface.co/.well-known/openapi.json (Hub API, read 2026-11) and the wire of @huggingface/hub 2.17.5.
const repoPath = '/api/models/([^/]+)/([^/]+)';
const route = (method: string, name: string, pattern: string, handle: Route['handle']): Route => ({
  method,
  name,
  pattern: new RegExp(`^${pattern}$`),
  handle,
});
const routes: Route[] = [
  route('GET', 'whoami', '/api/whoami-v2', whoAmI),
  route('POST', 'repos/create', '/api/repos/create', createRepo),
  route('DELETE', 'repos/delete', '/api/repos/delete', deleteRepo),
  route('POST', 'repos/move', '/api/repos/move', moveRepo),
  route('GET', 'models', '/api/models', listModels),
  route('GET', 'model', repoPath, ofRepo('read', modelInfo)),
  route('GET', 'model/revision', `${repoPath}/revision/([^/]+)`, ofRepo('read', modelInfo)),
  route('PUT', 'settings', `${repoPath}/settings`, ofRepo('write', changeSettings)),
  route('GET', 'xet-write-token', `${repoPath}/xet-write-token/([^/]+)`, ofRepo('write', xetToken)),
  route('GET', 'xet-read-token', `${repoPath}/xet-read-token/([^/]+)`, ofRepo('read', xetToken)),
  ...['GET', 'HEAD', 'POST'].map((method) => route(method, 'xet', '/xet/.*', xetStorage)),
  route('POST', 'preupload', `${repoPath}/preupload/([^/]+)`, ofRepo('propose', preupload)),
  route('POST', 'commit', `${repoPath}/commit/([^/]+)`, ofRepo('propose', commit)),
  route('GET', 'tree', `${repoPath}/tree/([^/]+)(?:/(.*))?`, ofRepo('read', listTree)),
  route('POST', 'paths-info', `${repoPath}/paths-info/([^/]+)`, ofRepo('read', pathsInfo)),
  route('GET', 'commits', `${repoPath}/commits/([^/]+)`, ofRepo('read', listCommits)),
  route('GET', 'refs', `${repoPath}/refs`, ofRepo('read', listRefs)),
  route('POST', 'branch', `${repoPath}/branch/([^/]+)`, ofRepo('write', createBranch)),
  route('DELETE', 'branch', `${repoPath}/branch/([^/]+)`, ofRepo('write', deleteBranch)),
  route('POST', 'tag', `${repoPath}/tag/([^/]+)`, ofRepo('write', createTag)),
  route('DELETE', 'tag', `${repoPath}/tag/([^/]+)`, ofRepo('write', deleteTag)),
  route('POST', 'lfs/batch', '/([^/]+)/([^/]+)\\.git/info/lfs/objects/batch', ofRepo('write', batch)),
  route('PUT', 'lfs/object', '/lfs/object/([0-9a-f]{64})', putObject),
  route('PUT', 'lfs/part', '/lfs/part/([0-9a-f]{64})/(\\d+)', putPart),
  route('POST', 'lfs/complete', '/lfs/complete/([0-9a-f]{64})', completeParts),
  route(
    'GET',
    'resolve',
    '/([^/]+)/([^/]+)/resolve/([^/]+)/(.+)',
    ofRepo('read', (request) => sendEntry(request, 'resolve')),
  ),
  route(
    'HEAD',
    'resolve',
    '/([^/]+)/([^/]+)/resolve/([^/]+)/(.+)',
    ofRepo('read', (request) => sendEntry(request, 'resolve')),
  ),
  route(
    'GET',
    'raw',
    '/([^/]+)/([^/]+)/raw/([^/]+)/(.+)',
    ofRepo('read', (request) => sendEntry(request, 'raw')),
  ),
  route(
    'HEAD',
    'raw',
    '/([^/]+)/([^/]+)/raw/([^/]+)/(.+)',
    ofRepo('read', (request) => sendEntry(request, 'raw')),
  ),
];

/** The Hugging Face Hub as its JavaScript client uses it. */
export async function handleHub(world: World, call: Call): Promise<void> {
  const hit = routes.find(({ method, pattern }) => method === call.method && pattern.test(call.path));
  world.book.countRequest(`${call.method} hub ${hit?.name ?? 'unknown'}`);
  call.res.setHeader('x-request-id', call.headers['x-request-id'] ?? randomUUID());
  const fault = world.faults.take('hub', { method: call.method, path: call.path, route: hit?.name }, (effect) => {
    if (effect === 'corrupt' || effect === 'truncate') return hit?.name === 'resolve';
    return hit?.name === 'commit' || !effect.startsWith('commit-but-');
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
    if (hit === undefined) throw hubFailure(404, 'Not found');
    const args = (hit.pattern.exec(call.path) ?? []).slice(1).map((arg) => (arg === undefined ? '' : decode(arg)));
    await hit.handle({ world, call, user, args });
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

/** What was done stays unsaid; silence is a 60 s limit of the real Hub. Answers how to let the handler's own answer through. */
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

/** The user of the token; a token that is none of ours is refused, no token is anonymous. */
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

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
