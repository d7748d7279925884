/** Connections that read up to half a megabyte at a time. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const READ_BYTES = 512 * 1_024;
/** A block's rest is used for the next read while it is at least this long. */
const LEAST_READ_BYTES = 64 * 1_024;

/**
 * Connects a plain HTTP request. `node:net` by itself takes 64 KiB of fresh memory for every read: at some hundred MB/s a
 * third of the time then goes into page faults and garbage collection. TLS connections are as they are: records are 16 KiB.
 */
export function connectWithLargeReads({ host, port }: { readonly host: string; readonly port: number }): Socket {
  let rest = Buffer.allocUnsafeSlow(READ_BYTES);
  const socket: Socket = connect({
    host,
    port,
    onread: {
      buffer: () => rest,
      callback(bytes: number, buffer: Buffer): boolean {
        const filled = buffer.subarray(0, bytes);
        // What was handed out belongs to whoever reads it: it is never written to again.
        rest = rest.length - bytes >= LEAST_READ_BYTES ? rest.subarray(bytes) : Buffer.allocUnsafeSlow(READ_BYTES);
        return socket.push(filled);
      },
    },
  });
  return socket;
}
