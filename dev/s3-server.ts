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

/** Starts versitygw; `program` comes from dev/versitygw.mjs, `dir` holds the objects. */
export async function startVersitygw({
  program,
  dir,
}: {
  readonly program: string;
  readonly dir: string;
}): Promise<S3Server> {
  const port = await freePort();
  const accessKeyId = `test${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(16).toString('hex');
  mkdirSync(dir, { recursive: true });
  const child = startChild({
    name: 'versitygw',
    command: program,
    args: ['--port', `127.0.0.1:${port}`, '--region', 'us-east-1', '--quiet', 'posix', dir],
    env: { PATH: process.env['PATH'], ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  });
  const endpoint = `http://127.0.0.1:${port}`;
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
  } catch {
    return false;
  }
}
