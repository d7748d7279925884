import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sendJson, sendText } from '../core/http.ts';
import { readObject, recordsOf, sizeOf, textOf } from './bodies.ts';
import { hubFailure } from './failures.ts';
import type { Hash } from 'node:crypto';
import type { Hub } from './state.ts';
import type { HubRequest, RepoRequest } from './request.ts';

/** POST /{repo}.git/info/lfs/objects/batch: basic or multipart; never xet, which the real client then does without. */
export async function batch({ world, call }: RepoRequest): Promise<void> {
  const body = await readObject(call);
  if (body['operation'] !== 'upload') throw hubFailure(422, 'only uploads are emulated');
  const wanted = recordsOf(body, 'objects').map((object) => ({
    oid: textOf(object, 'oid'),
    size: sizeOf(object, 'size'),
  }));
  const transfers: unknown = body['transfers'] ?? ['basic'];
  const partBytes = world.config.hubPartBytes;
  const isMultipart =
    Array.isArray(transfers) && transfers.includes('multipart') && wanted.some(({ size }) => size > partBytes);
  const objects = await Promise.all(
    wanted.map(async ({ oid, size }) => {
      if (!/^[0-9a-f]{64}$/.test(oid)) return { oid, size, error: { code: 422, message: 'invalid oid' } };
      const stored = await stat(world.hub.lfsPath(oid)).then(
        (info) => info.size,
        () => undefined,
      );
      if (stored === size) return { oid, size };
      const base = `${call.worldUrl}/hub/lfs`;
      if (!isMultipart || size <= partBytes)
        return {
          oid,
          size,
          authenticated: true,
          actions: { upload: { href: `${base}/object/${oid}`, expires_in: 900 } },
        };
      const header: Record<string, string> = { chunk_size: String(partBytes) };
      for (let part = 1; part <= Math.ceil(size / partBytes); part += 1)
        header[String(part).padStart(5, '0')] = `${base}/part/${oid}/${part}`;
      world.hub.parts.set(oid, new Map());
      return {
        oid,
        size,
        authenticated: true,
        actions: { upload: { href: `${base}/complete/${oid}`, header, expires_in: 900 } },
      };
    }),
  );
  sendJson(
    call.res,
    200,
    { transfer: isMultipart ? 'multipart' : 'basic', objects },
    { 'content-type': 'application/vnd.git-lfs+json' },
  );
}

/** PUT of a whole object: the bytes must have the promised sha256. */
export async function putObject({ world, call, args }: HubRequest): Promise<void> {
  const [oid = ''] = args;
  const temp = world.hub.tempPath();
  const hash = createHash('sha256');
  await pipeline(call.body, hashing(hash), createWriteStream(temp, { highWaterMark: 1024 * 1024 }));
  await keep(world.hub, { temp, oid, sha256: hash.digest('hex') });
  sendText(call.res, 200, '');
}

/** PUT of one part, answered with its ETag. */
export async function putPart({ world, call, args }: HubRequest): Promise<void> {
  const [oid = '', part = ''] = args;
  const parts = world.hub.parts.get(oid);
  if (parts === undefined) throw hubFailure(404, 'no such upload');
  const hash = createHash('md5');
  await pipeline(
    call.body,
    hashing(hash),
    createWriteStream(world.hub.partPath(oid, Number(part)), { highWaterMark: 1024 * 1024 }),
  );
  const etag = `"${hash.digest('hex')}"`;
  parts.set(Number(part), etag);
  sendText(call.res, 200, '', { etag });
}

/** POST {oid, parts}: joins the parts when every ETag fits. */
export async function completeParts({ world, call, args }: HubRequest): Promise<void> {
  const [oid = ''] = args;
  const body = await readObject(call);
  const sent = recordsOf(body, 'parts').map((part) => ({ partNumber: sizeOf(part, 'partNumber'), etag: part['etag'] }));
  const parts = world.hub.parts.get(oid);
  const wrong =
    body['oid'] !== oid ||
    parts === undefined ||
    sent.length !== parts.size ||
    sent.some(({ partNumber, etag }) => parts.get(partNumber) !== etag);
  if (wrong) throw hubFailure(400, 'One or more of the specified parts could not be found');
  const temp = world.hub.tempPath();
  const hash = createHash('sha256');
  for (const { partNumber } of sent.toSorted((a, b) => a.partNumber - b.partNumber)) {
    const path = world.hub.partPath(oid, partNumber);
    await pipeline(
      createReadStream(path, { highWaterMark: 1024 * 1024 }),
      hashing(hash),
      createWriteStream(temp, { flags: 'a' }),
    );
    await rm(path);
  }
  world.hub.parts.delete(oid);
  await keep(world.hub, { temp, oid, sha256: hash.digest('hex') });
  sendJson(call.res, 200, { success: true });
}

async function keep(hub: Hub, params: { temp: string; oid: string; sha256: string }): Promise<void> {
  if (params.sha256 !== params.oid) {
    await rm(params.temp);
    throw hubFailure(400, 'Invalid sha256');
  }
  await rename(params.temp, hub.lfsPath(params.oid));
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}
