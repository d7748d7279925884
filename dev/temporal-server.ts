import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { prepareNamespace } from '../cli/temporal-namespace.ts';
import type { TemporalDevConfig } from '../config/temporal-dev.ts';
import { startChild, waitUntilReady } from './child.ts';
import { freePort, requireFreePort } from './ports.ts';

/** A real Temporal server with its Web UI on the loopback address. */
export interface TemporalServer {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  stop(): Promise<void>;
}

export interface TemporalServerOptions {
  readonly config: TemporalDevConfig;
  /** Path of the Temporal CLI (dev/temporal-cli.mjs finds or builds it). */
  readonly cliPath: string;
  /** Where histories are kept; null keeps them in memory. Default: the file named in the config. */
  readonly databaseFile?: string | null;
  /** 0 takes a free one. Default: as in the config. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly logFile?: string;
}

/**
 * Starts the server, waits until it answers, and applies retention and search attributes, also to an existing database
 * file.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { config, cliPath } = options;
  const { ip } = config.server;
  const port = (options.port ?? config.server.port) || (await freePort());
  const uiPort = (options.uiPort ?? config.server.uiPort) || (await freePort());
  // Otherwise the other server's answers would pass as ours.
  for (const taken of [port, uiPort]) await requireFreePort(taken, 'The Temporal server');
  const databaseFile = options.databaseFile === undefined ? config.server.databaseFile : options.databaseFile;
  const child = startChild({
    name: 'Temporal server',
    command: cliPath,
    args: [...serverArguments({ config, port, uiPort, databaseFile }), ...(await optionalArguments(cliPath))],
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
  const address = `${ip}:${port}`;
  const namespace = config.namespace.name;
  try {
    const connection = Connection.lazy({ address });
    try {
      await waitUntilReady(child, () => answers(connection, namespace));
      await prepareNamespace(connection, config);
    } finally {
      await connection.close();
    }
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { address, namespace, uiUrl: `http://${ip}:${uiPort}`, stop: () => child.stop() };
}

/** Flags of `temporal server start-dev` (CLI 1.8.2). */
function serverArguments(options: {
  readonly config: TemporalDevConfig;
  readonly port: number;
  readonly uiPort: number;
  readonly databaseFile: string | null;
}): string[] {
  const { server, namespace, searchAttributes, dynamicConfig } = options.config;
  const args = [
    'server',
    'start-dev',
    '--ip',
    server.ip,
    '--port',
    String(options.port),
    '--ui-port',
    String(options.uiPort),
  ];
  args.push('--namespace', namespace.name, '--log-level', server.logLevel, '--log-format', 'json');
  if (options.databaseFile !== null) {
    const file = resolve(options.databaseFile);
    mkdirSync(dirname(file), { recursive: true });
    args.push('--db-filename', file);
    // Without a write-ahead log every step would write, sync and delete a journal. Even so a killed server loses
    // nothing.
    args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal');
  }
  for (const [name, type] of Object.entries(searchAttributes)) args.push('--search-attribute', `${name}=${type}`);
  for (const [key, value] of Object.entries(dynamicConfig))
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  return args;
}

/** Keeps the Web UI from asking the internet for news; CLI 1.5 does not know the flag yet. */
async function optionalArguments(cliPath: string): Promise<string[]> {
  const flag = '--ui-disable-news-fetch';
  const { stdout } = await promisify(execFile)(cliPath, ['server', 'start-dev', '--help']);
  return stdout.includes(flag) ? [flag] : [];
}

async function answers(connection: Connection, namespace: string): Promise<boolean> {
  try {
    await connection.withDeadline(Date.now() + 1_000, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return true;
  } catch {
    // Not up yet; the caller watches the process and the clock.
    return false;
  }
}
