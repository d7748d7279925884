import { stat, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { sendJson } from '../core/http.ts';
import { hubFailure } from './failures.ts';
import { addCommit, gitBlobId, lfsPointer } from './hub.ts';
import type { Hub, TreeEntry } from './hub.ts';
import type { RepoRequest } from './routes.ts';

type Line =
  | { key: 'header'; value: { summary: string; description?: string; parentCommit?: string } }
  | { key: 'file'; value: { path: string; content: string; encoding?: string } }
  | { key: 'lfsFile'; value: { path: string; algo: string; oid: string; size: number } }
  | { key: 'deletedFile' | 'deletedEntry' | 'deletedFolder'; value: { path: string } };

/** POST /api/models/{id}/commit/{rev}: NDJSON; all or nothing, 412 when the branch has moved. */
export async function commit({ world, call, repo, args, user = '' }: RepoRequest): Promise<void> {
  const branch = args[0] ?? 'main';
  const head = repo.commits.get(repo.branches.get(branch) ?? '');
  if (head === undefined) throw hubFailure(404, `Invalid rev id: ${branch}`, 'RevisionNotFound');

  const tree = new Map(head.tree);
  const written = new Set<string>();
  let header: { summary: string; description?: string; parentCommit?: string } | undefined;
  for await (const text of createInterface({ input: call.body })) {
    if (text.trim() === '') continue;
    const line = JSON.parse(text) as Line;
    if (line.key === 'header') header = line.value;
    else {
      await apply(world.hub, tree, line);
      written.add(line.value.path);
    }
  }
  if (header === undefined || !header.summary) throw hubFailure(400, 'a commit needs a header with a summary');
  if (header.parentCommit !== undefined && header.parentCommit !== repo.branches.get(branch)) {
    throw hubFailure(412, 'A commit has happened since. Please refresh and try again.');
  }
  const made = addCommit(repo, {
    branch,
    title: header.summary,
    message: header.description ?? '',
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
  });
}

async function apply(hub: Hub, tree: Map<string, TreeEntry>, line: Exclude<Line, { key: 'header' }>): Promise<void> {
  const { path } = line.value;
  if (path.startsWith('/') || path.split('/').includes('..')) throw hubFailure(400, `invalid path: ${path}`);
  switch (line.key) {
    case 'file': {
      const bytes = Buffer.from(line.value.content, line.value.encoding === 'base64' ? 'base64' : 'utf8');
      await storeBlob(hub, bytes);
      tree.set(path, { path, oid: gitBlobId(bytes), size: bytes.length });
      return;
    }
    case 'lfsFile': {
      const { oid, size } = line.value;
      const stored = await stat(hub.lfsPath(oid)).then(
        (info) => info.size,
        () => undefined,
      );
      if (stored !== size) throw hubFailure(400, `LFS pointer pointed to a file that does not exist: ${path}`);
      const pointer = lfsPointer(oid, size);
      tree.set(path, { path, oid: gitBlobId(pointer), size, lfs: { oid, size, pointerSize: pointer.length } });
      return;
    }
    case 'deletedFolder':
    case 'deletedEntry':
    case 'deletedFile':
      for (const name of tree.keys())
        if (name === path || (line.key !== 'deletedFile' && name.startsWith(`${path}/`))) tree.delete(name);
  }
}

export async function storeBlob(hub: Hub, bytes: Buffer): Promise<void> {
  await writeFile(hub.blobPath(gitBlobId(bytes)), bytes);
}
