import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { TransferShape } from './http.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Streams the bytes [start, end) of a file into an answer whose head is already written. */
export async function sendFileBytes(params: {
  path: string;
  start: number;
  end: number;
  res: ServerResponse;
  transfer: TransferShape;
}): Promise<'sent' | 'cut' | 'closed'> {
  const { res, transfer } = params;
  if (transfer.firstByteDelayMs) await wait(transfer.firstByteDelayMs);
  const file = await open(params.path, 'r');
  try {
    const limit = Math.min(params.end, params.start + (transfer.truncateAfterBytes ?? Infinity));
    const chunkBytes = transfer.bytesPerSecond
      ? Math.max(1, Math.min(CHUNK_BYTES, Math.ceil(transfer.bytesPerSecond / 20)))
      : CHUNK_BYTES;
    let position = params.start;
    while (position < limit) {
      if (res.destroyed) return 'closed';
      // A new buffer for each chunk: the socket may still hold the previous one.
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, limit - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      corrupt(bytes, position, transfer.corruptAtByte);
      position += bytesRead;
      if (!res.write(bytes)) await drained(res);
      if (transfer.bytesPerSecond) await wait((bytesRead / transfer.bytesPerSecond) * 1000);
    }
    return position < params.end && limit < params.end ? 'cut' : 'sent';
  } finally {
    await file.close();
  }
}

/** Until the socket takes more, or is gone. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}

function corrupt(bytes: Buffer, position: number, at: number | undefined): void {
  if (at === undefined) return;
  const index = at - position;
  const old = bytes[index];
  if (old !== undefined) bytes[index] = old ^ 0xff;
}
