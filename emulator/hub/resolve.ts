import { sendFileBytes } from '../core/send-file.ts';
import { sendText } from '../core/http.ts';
import { entryNotFound, revisionNotFound } from './failures.ts';
import { lfsPointer, resolveRevision } from './state.ts';
import type { RepoRequest } from './request.ts';

/**
 * GET and HEAD /{repo}/resolve/{rev}/{path} (the bytes, with ranges) and /raw/ (LFS files as pointers).
 * The real Hub redirects LFS files to its CDN; here the bytes come at once.
 */
export async function sendEntry({ world, call, repo, args }: RepoRequest, kind: 'resolve' | 'raw'): Promise<void> {
  const [revision = 'main', path = ''] = args;
  const commit = resolveRevision(repo, revision);
  if (commit === undefined) throw revisionNotFound(revision);
  const entry = commit.tree.get(path);
  if (entry === undefined) throw entryNotFound();
  const { res } = call;
  const headers: Record<string, string> = {
    'x-repo-commit': commit.oid,
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  };
  if (kind === 'raw' && entry.lfs) {
    const pointer = lfsPointer(entry.lfs.oid, entry.lfs.size);
    return sendText(res, 200, call.method === 'HEAD' ? '' : pointer.toString(), {
      ...headers,
      'content-type': 'text/plain',
      etag: `"${entry.oid}"`,
    });
  }
  headers['etag'] = `"${entry.lfs?.oid ?? entry.oid}"`;
  if (entry.lfs) Object.assign(headers, { 'x-linked-etag': headers['etag'], 'x-linked-size': String(entry.size) });

  const range = /^bytes=(\d*)-(\d*)$/.exec(call.headers.range ?? '');
  let start = 0;
  let end = entry.size;
  if (range !== null && range[0] !== 'bytes=-') {
    start = range[1] === '' ? Math.max(0, entry.size - Number(range[2])) : Number(range[1]);
    end = range[1] === '' || range[2] === '' ? entry.size : Math.min(entry.size, Number(range[2]) + 1);
    if (start >= end && entry.size > 0) return sendText(res, 416, '', { 'content-range': `bytes */${entry.size}` });
    headers['content-range'] = `bytes ${start}-${end - 1}/${entry.size}`;
  }
  res.writeHead(headers['content-range'] ? 206 : 200, { ...headers, 'content-length': end - start });
  if (call.method === 'HEAD') {
    res.end();
    return;
  }
  const sent = await sendFileBytes({
    path: entry.lfs ? world.hub.lfsPath(entry.lfs.oid) : world.hub.blobPath(entry.oid),
    start,
    end,
    res,
    transfer: call.transfer,
  });
  if (sent === 'sent') res.end();
  else res.destroy();
}
