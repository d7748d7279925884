import { readBody, sendJson } from '../core/http.ts';
import { isOn, parseObject, readObject, recordsOf, sizeOf, textOf } from './bodies.ts';
import { hubFailure, revisionNotFound } from './failures.ts';
import { gitBlobId, resolveRevision } from './state.ts';
import type { Commit, Repo, TreeEntry } from './state.ts';
import type { RepoRequest } from './request.ts';

function commitOf(repo: Repo, revision: string): Commit {
  const commit = resolveRevision(repo, revision);
  if (commit === undefined) throw revisionNotFound(revision);
  return commit;
}

/** POST …/preupload/{rev}: large or binary files go through LFS, the rest inline. */
export async function preupload({ world, call, repo, args }: RepoRequest): Promise<void> {
  const commit = commitOf(repo, args[0] ?? 'main');
  const files = recordsOf(await readObject(call), 'files').map((file) => {
    const path = textOf(file, 'path');
    const size = sizeOf(file, 'size');
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
  const isRecursive = isOn(call.query.get('recursive'));
  const isExpanded = isOn(call.query.get('expand'));
  const entries = new Map<string, object>();
  for (const entry of [...commit.tree.values()].toSorted((a, b) => a.path.localeCompare(b.path))) {
    if (!entry.path.startsWith(prefix)) continue;
    const parts = entry.path.slice(prefix.length).split('/');
    for (let depth = 1; depth < parts.length && (isRecursive || depth === 1); depth += 1) {
      const folder = prefix + parts.slice(0, depth).join('/');
      entries.set(folder, renderFolder(repo, commit, { path: folder, isExpanded }));
    }
    if (isRecursive || parts.length === 1) entries.set(entry.path, renderEntry(repo, commit, { entry, isExpanded }));
  }
  sendJson(call.res, 200, [...entries.values()]);
}

/**
 * POST …/paths-info/{rev}: JSON from the JavaScript client, a form from Python's; paths that are absent are left out.
 */
export async function pathsInfo({ call, repo, args }: RepoRequest): Promise<void> {
  const commit = commitOf(repo, args[0] ?? 'main');
  const text = (await readBody(call.body)).toString('utf8');
  const isForm = call.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  const { paths, isExpanded } = isForm ? pathsOfForm(text) : pathsOfJson(text);
  const found = paths.flatMap((path) => {
    const entry = commit.tree.get(path);
    if (entry !== undefined) return [renderEntry(repo, commit, { entry, isExpanded })];
    return hasFolder(commit, path) ? [renderFolder(repo, commit, { path, isExpanded })] : [];
  });
  sendJson(call.res, 200, found);
}

function pathsOfForm(text: string): { paths: string[]; isExpanded: boolean } {
  const form = new URLSearchParams(text);
  return { paths: form.getAll('paths'), isExpanded: isOn(form.get('expand')) };
}

function pathsOfJson(text: string): { paths: string[]; isExpanded: boolean } {
  const body = parseObject(text);
  const paths = [body['paths']].flat();
  if (!paths.every((path) => typeof path === 'string')) throw hubFailure(400, '"paths" must be strings');
  return { paths, isExpanded: body['expand'] === true };
}

function hasFolder({ tree }: Commit, path: string): boolean {
  return path !== '' && [...tree.keys()].some((name) => name.startsWith(`${path}/`));
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

function renderEntry(
  repo: Repo,
  commit: Commit,
  { entry, isExpanded }: { entry: TreeEntry; isExpanded: boolean },
): object {
  const { path, oid, size, lfs } = entry;
  return {
    type: 'file',
    oid,
    size,
    ...(lfs && { lfs }),
    path,
    ...(isExpanded && {
      lastCommit: lastCommit(repo, commit, (one) => one.tree.get(path)?.oid),
      securityFileStatus: {
        status: 'unscanned',
        avScan: { status: 'unscanned' },
        pickleImportScan: { status: 'unscanned' },
      },
    }),
  };
}

function renderFolder(repo: Repo, commit: Commit, { path, isExpanded }: { path: string; isExpanded: boolean }): object {
  const content = ({ tree }: Commit): string =>
    JSON.stringify(
      [...tree.values()].flatMap((entry) => (entry.path.startsWith(`${path}/`) ? [entry.path, entry.oid] : [])),
    );
  return {
    type: 'directory',
    oid: gitBlobId(Buffer.from(content(commit))),
    size: 0,
    path,
    ...(isExpanded && { lastCommit: lastCommit(repo, commit, content) }),
  };
}

/** The commit that last changed an entry. */
function lastCommit(repo: Repo, commit: Commit, contentOf: (commit: Commit) => string | undefined): object {
  let last = commit;
  for (;;) {
    const parent = last.parent === null ? undefined : repo.commits.get(last.parent);
    if (parent === undefined || contentOf(parent) !== contentOf(commit)) break;
    last = parent;
  }
  return { id: last.oid, title: last.title, date: new Date(last.atMs).toISOString() };
}
