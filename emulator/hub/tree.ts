import { readJson, sendJson } from '../core/http.ts';
import { revisionNotFound } from './failures.ts';
import { resolveRevision } from './hub.ts';
import type { Commit, Repo, TreeEntry } from './hub.ts';
import type { RepoRequest } from './routes.ts';

function commitOf(repo: Repo, revision: string): Commit {
  const commit = resolveRevision(repo, revision);
  if (commit === undefined) throw revisionNotFound(revision);
  return commit;
}

/** POST …/preupload/{rev}: large or binary files go through LFS, the rest inline. */
export async function preupload({ world, call, repo, args }: RepoRequest): Promise<void> {
  const commit = commitOf(repo, args[0] ?? 'main');
  const body = (await readJson(call.body)) as { files: { path: string; size: number; sample: string }[] };
  const files = body.files.map(({ path, size }) => {
    const isLfs = size > world.config.hubLfsBytes || /\.(safetensors|pt|bin|ckpt|zip|png|jpe?g|webp|mp4)$/i.test(path);
    const old = commit.tree.get(path);
    return {
      path,
      uploadMode: isLfs ? 'lfs' : 'regular',
      shouldIgnore: false,
      ...(old && { oid: old.lfs?.oid ?? old.oid }),
    };
  });
  sendJson(call.res, 200, { files, commitOid: commit.oid });
}

/** GET …/tree/{rev}/{path}?recursive=&expand=. */
export function listTree({ call, repo, args }: RepoRequest): void {
  const [revision = 'main', path = ''] = args;
  const commit = commitOf(repo, revision);
  const prefix = path === '' ? '' : `${path.replace(/\/$/, '')}/`;
  const isRecursive = call.query.get('recursive') === 'true';
  const entries = new Map<string, object>();
  for (const entry of [...commit.tree.values()].toSorted((a, b) => a.path.localeCompare(b.path))) {
    if (!entry.path.startsWith(prefix)) continue;
    const parts = entry.path.slice(prefix.length).split('/');
    for (let depth = 1; depth < parts.length && (isRecursive || depth === 1); depth += 1) {
      const folder = prefix + parts.slice(0, depth).join('/');
      entries.set(folder, { type: 'directory', oid: '0'.repeat(40), size: 0, path: folder });
    }
    if (isRecursive || parts.length === 1)
      entries.set(entry.path, renderEntry(entry, call.query.get('expand') === 'true' ? commit : undefined));
  }
  sendJson(call.res, 200, [...entries.values()]);
}

/** POST …/paths-info/{rev}: paths that are absent are left out. */
export async function pathsInfo({ call, repo, args }: RepoRequest): Promise<void> {
  const commit = commitOf(repo, args[0] ?? 'main');
  const body = (await readJson(call.body)) as { paths: string[] | string; expand?: boolean };
  const found = [body.paths].flat().flatMap((path) => {
    const entry = commit.tree.get(path);
    return entry === undefined ? [] : [renderEntry(entry, body.expand === true ? commit : undefined)];
  });
  sendJson(call.res, 200, found);
}

/** GET …/commits/{rev}: newest first. */
export function listCommits({ call, repo, args }: RepoRequest): void {
  const list: object[] = [];
  const limit = Number(call.query.get('limit') ?? 50);
  let next: Commit | undefined = commitOf(repo, args[0] ?? 'main');
  for (
    ;
    next !== undefined && list.length < limit;
    next = next.parent === null ? undefined : repo.commits.get(next.parent)
  ) {
    list.push({
      id: next.oid,
      title: next.title,
      message: next.message,
      authors: [{ user: next.user, avatar: '/avatars/emulated.svg' }],
      date: new Date(next.atMs).toISOString(),
    });
  }
  sendJson(call.res, 200, list, { 'x-total-count': String(list.length) });
}

function renderEntry(entry: TreeEntry, expand: Commit | undefined): object {
  return {
    type: 'file',
    oid: entry.oid,
    size: entry.size,
    ...(entry.lfs && { lfs: entry.lfs }),
    path: entry.path,
    ...(expand && {
      lastCommit: { id: expand.oid, title: expand.title, date: new Date(expand.atMs).toISOString() },
      securityFileStatus: { status: 'unscanned' },
    }),
  };
}
