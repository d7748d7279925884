/**
 * A door in front of the object store, on the loopback address, that can be shut: connections are refused or answered
 * with 503.
 */
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export type GateMode = 'open' | 'refuses' | 'busy';

/** S3's answer when it is overloaded. */
const SLOW_DOWN =
  '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

export interface StoreGate {
  /** Address to use instead of the store's own. */
  readonly endpoint: string;
  /** Shuts or opens it; connections that are open when it shuts are cut off. */
  set(mode: GateMode): void;
  stop(): Promise<void>;
}

/** Opens a gate in front of a store that listens on the loopback address. */
export async function openStoreGate(storeUrl: string): Promise<StoreGate> {
  const port = Number(new URL(storeUrl).port);
  const sockets = new Set<Socket>();
  let mode: GateMode = 'open';
  const server = createServer((client) => {
    keep(client);
    if (mode === 'refuses') client.resetAndDestroy();
    else if (mode === 'busy') client.once('data', () => client.end(answer()));
    else join(client, keep(connect({ port, host: '127.0.0.1' })));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set(next) {
      mode = next;
      if (next !== 'open') for (const socket of sockets) socket.resetAndDestroy();
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    // The other side of the connection reports what happened.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }
}

function join(client: Socket, store: Socket): void {
  client.pipe(store).pipe(client);
  client.on('close', () => store.destroy());
  store.on('close', () => client.destroy());
}

function answer(): string {
  return [
    'HTTP/1.1 503 Slow Down',
    'content-type: application/xml',
    `content-length: ${SLOW_DOWN.length}`,
    'connection: close',
    '',
    SLOW_DOWN,
  ].join('\r\n');
}
