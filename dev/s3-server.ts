import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { withTimeLimit } from '../core/time-limit.ts';
import { startChild, waitUntilReady } from './child.ts';
import { freePort } from './ports.ts';

/** A real S3 server over a folder. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  stop(): Promise<void>;
}

interface VersitygwOptions {
  /** From dev/versitygw.mjs. */
  readonly program: string;
  /** Holds the objects. */
  readonly dir: string;
  /** Files of a certificate for 127.0.0.1 and of its key; without them it speaks plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** Starts versitygw. */
export async function startVersitygw({ program, dir, tls }: VersitygwOptions): Promise<S3Server> {
  const port = await freePort();
  const accessKeyId = `test${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(16).toString('hex');
  mkdirSync(dir, { recursive: true });
  const child = startChild({
    name: 'versitygw',
    command: program,
    args: [
      '--port',
      `127.0.0.1:${port}`,
      '--region',
      'us-east-1',
      '--quiet',
      ...(tls ? ['--cert', tls.cert, '--key', tls.key] : []),
      'posix',
      dir,
    ],
    env: { PATH: process.env['PATH'], ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  });
  const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  try {
    await waitUntilReady(child, () => answers(endpoint));
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { endpoint, region: 'us-east-1', accessKeyId, secretAccessKey, stop: () => child.stop() };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    // Any answer will do; without credentials it is a 403.
    await withTimeLimit(1_000, undefined, (signal) => fetch(endpoint, { signal }));
    return true;
  } catch (error) {
    // A certificate that we have not been told to trust is an answer too.
    const { cause } = error as { cause?: { code?: unknown } };
    return String(cause?.code).includes('SELF_SIGNED_CERT');
  }
}
