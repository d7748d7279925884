import { createServer } from 'node:net';

/**
 * Below the range from which systems take ports for outgoing connections (Linux 32768, macOS 49152): no other program
 * grabs it in between.
 */
const FIRST = 20_000;
const LAST = 32_000;

/** True when nobody listens on this port of the loopback address. */
export function portIsFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port of the loopback address on which nobody listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await portIsFree(port)) return port;
  }
}

/** The requested port, or a free one if it is taken; calls `onTaken` then. */
export async function portOrFree(wished: number, onTaken: (free: number) => void): Promise<number> {
  if (await portIsFree(wished)) return wished;
  const port = await freePort();
  onTaken(port);
  return port;
}

/** Throws when something is already listening on the port. */
export async function requireFreePort(port: number, who: string): Promise<void> {
  if (!(await portIsFree(port))) throw new Error(`${who} cannot use port ${port}: another program has it.`);
}
