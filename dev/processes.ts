/** The worker and the API as separate processes, for the development stack and for tests that kill them. */
import { join } from 'node:path';
import { withTimeLimit } from '../core/time-limit.ts';
import { startChild, waitUntilReady } from './child.ts';
import type { Child } from './child.ts';
import { requireFreePort } from './ports.ts';

const ROOT = join(import.meta.dirname, '..');

export interface ProcessOptions {
  /** The whole environment of the process (dev/environment.ts makes one). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Arguments after the script, such as `--allow-test-intervals`. */
  readonly args?: readonly string[];
  readonly logFile?: string;
  /** Called with every line of standard output. */
  readonly onLine?: (line: string) => void;
}

/** Starts the worker, compiled, and waits until it says `"event":"ready"`; `pid` is the worker's own. */
export async function startWorkerProcess(options: ProcessOptions): Promise<Child & { readonly pid: number }> {
  let pid: number | undefined;
  const onLine = (line: string) => {
    if (line.includes('"event":"ready"')) pid = (JSON.parse(line) as { pid: number }).pid;
    options.onLine?.(line);
  };
  const child = startScript('worker', 'dist/workers/main.js', { ...options, onLine });
  await readyOrStopped(child, async () => pid !== undefined);
  return { ...child, pid: pid! };
}

/**
 * Starts the API, compiled, and waits until `GET /readyz` answers 200. The address comes from API_HOST and API_PORT,
 * which must not be 0.
 */
export async function startApiProcess(options: ProcessOptions): Promise<Child & { readonly url: string }> {
  const url = `http://${options.env['API_HOST'] ?? '127.0.0.1'}:${options.env['API_PORT'] ?? '8080'}`;
  await requireFreePort(Number(options.env['API_PORT'] ?? '8080'), 'The API');
  const child = startScript('API', 'dist/api/main.js', options);
  await readyOrStopped(child, () => isReadyAt(url));
  return { ...child, url };
}

function startScript(name: string, script: string, { env, args = [], logFile, onLine }: ProcessOptions): Child {
  return startChild({
    name,
    command: process.execPath,
    args: [script, ...args],
    cwd: ROOT,
    env,
    ...(logFile === undefined ? {} : { logFile }),
    ...(onLine === undefined ? {} : { onLine }),
  });
}

async function readyOrStopped(child: Child, ready: () => Promise<boolean>): Promise<void> {
  try {
    await waitUntilReady(child, ready, { timeoutMs: 60_000 });
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function isReadyAt(url: string): Promise<boolean> {
  try {
    return await withTimeLimit(2_000, undefined, async (signal) => {
      const response = await fetch(`${url}/readyz`, { signal });
      await response.body?.cancel();
      return response.status === 200;
    });
  } catch {
    // Not listening yet.
    return false;
  }
}
