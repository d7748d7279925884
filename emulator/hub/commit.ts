import { stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isRecord, sendJson } from '../core/http.ts';
import { isOn, optionalText, parseObject, sizeOf, textOf } from './bodies.ts';
import { hubFailure, revisionNotFound } from './failures.ts';
import { addCommit, gitBlobId, isPullRef, lfsPointer } from './state.ts';
import type { Hub, Repo, TreeEntry } from './state.ts';
import type { RepoRequest } from './request.ts';

/**
 * POST /api/models/{id}/commit/{rev}: NDJSON; all or nothing, 412 when the branch has moved. With `create_pr` the
 * commit goes to a new reference `refs/pr/{n}` and the branch stays as it is.
 */
export async function commit({ world, call, repo, args, user = '' }: RepoRequest): Promise<void> {
  const target = args[0] ?? 'main';
  const isPull = isOn(call.query.get('create_pr'));
  const head = repo.commits.get(repo.branches.get(target) ?? '');
  if (head === undefined) throw revisionNotFound(target);

  const tree = new Map(head.tree);
  const written = new Set<string>();
  let header: Record<string, unknown> = {};
  for await (const text of createInterface({ input: call.body })) {
    if (text.trim() === '') continue;
    const { key, value } = parseObject(text);
    if (!isRecord(value)) throw hubFailure(400, 'Each line must have a value');
    if (key === 'header') header = value;
    else written.add(await apply(world.hub, tree, { key, value }));
  }
  const summary = optionalText(header, 'summary');
  const parentCommit = optionalText(header, 'parentCommit');
  if (!summary) throw hubFailure(400, 'a commit needs a header with a summary');
  if (parentCommit !== undefined && parentCommit !== repo.branches.get(target))
    throw hubFailure(412, 'A commit has happened since. Please refresh and try again.');
  const pull = isPull ? openPull(repo, head.oid) : undefined;
  const branch = pull?.ref ?? target;
  const made = addCommit(repo, {
    branch,
    title: summary,
    message: optionalText(header, 'description') ?? '',
    user,
    atMs: world.clock.now(),
    tree,
  });
  const files = [...written].flatMap((path) => {
    const entry = tree.get(path);
    return entry === undefined ? [] : [{ path, oid: entry.lfs?.oid ?? entry.oid }];
  });
  world.book.hubCommits.push({ atMs: made.atMs, repo: repo.id, branch, oid: made.oid, user, files });
  sendJson(call.res, 200, {
    success: true,
    commitOid: made.oid,
    commitUrl: `${call.worldUrl}/hub/${repo.id}/commit/${made.oid}`,
    hookOutput: '',
    ...(pull && { pullRequestUrl: `${call.worldUrl}/hub/${repo.id}/discussions/${pull.number}` }),
  });
}

/** A new pull request on top of a commit. */
function openPull(repo: Repo, oid: string): { number: number; ref: string } {
  const number = [...repo.branches.keys()].filter(isPullRef).length + 1;
  const ref = `refs/pr/${number}`;
  repo.branches.set(ref, oid);
  return { number, ref };
}

interface Line {
  key: unknown;
  value: Record<string, unknown>;
}

/** Returns the path that it changed. */
async function apply(hub: Hub, tree: Map<string, TreeEntry>, { key, value }: Line): Promise<string> {
  const path = textOf(value, 'path');
  if (path === '' || path.startsWith('/') || path.split('/').includes('..'))
    throw hubFailure(400, `invalid path: ${path}`);
  switch (key) {
    case 'file': {
      const bytes = Buffer.from(textOf(value, 'content'), value['encoding'] === 'base64' ? 'base64' : 'utf8');
      await storeBlob(hub, bytes);
      tree.set(path, { path, oid: gitBlobId(bytes), size: bytes.length });
      return path;
    }
    case 'lfsFile': {
      const oid = textOf(value, 'oid');
      const size = sizeOf(value, 'size');
      if (!/^[0-9a-f]{64}$/.test(oid)) throw hubFailure(400, `invalid oid: ${path}`);
      const stored = await stat(hub.lfsPath(oid)).then(
        (info) => info.size,
        () => undefined,
      );
      if (stored !== size) throw hubFailure(400, `LFS pointer pointed to a file that does not exist: ${path}`);
      const pointer = lfsPointer(oid, size);
      tree.set(path, { path, oid: gitBlobId(pointer), size, lfs: { oid, size, pointerSize: pointer.length } });
      return path;
    }
    case 'deletedFolder':
    case 'deletedEntry':
    case 'deletedFile':
      for (const name of tree.keys())
        if (name === path || (key !== 'deletedFile' && name.startsWith(`${path}/`))) tree.delete(name);
      return path;
    default:
      throw hubFailure(400, `unknown key: ${String(key)}`);
  }
}

export async function storeBlob(hub: Hub, bytes: Buffer): Promise<void> {
  await writeFile(hub.blobPath(gitBlobId(bytes)), bytes);
}
