import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startChild, waitUntilReady } from './child.ts';
import type { Child } from './child.ts';
import { lock } from './lock.mjs';
import { freePort } from './ports.ts';
import { canUse, findPostgresBinaries, placeForUser, postgresUser } from './postgres-binaries.ts';
import type { PostgresBinaries, SystemUser } from './postgres-binaries.ts';

const run = promisify(execFile);

/** A database to work with. `stop` ends the server only when this call started it. */
export interface DatabaseServer {
  readonly url: string;
  /** `given`: by DATABASE_URL. `adopted`: our embedded server was running already. `started`: by this call. */
  readonly origin: 'given' | 'adopted' | 'started';
  stop(): Promise<void>;
  /** Kills the server as a crash would, if this call started it; used by chaos. */
  kill(): Promise<void>;
}

export interface DatabaseOptions {
  /** Folder of the embedded server. */
  readonly dir: string;
  /** Database that is created when missing. Default `tempera`. */
  readonly name?: string;
  /** Use this server and start nothing. Default: DATABASE_URL. */
  readonly databaseUrl?: string | undefined;
  /** For tests: faster, not safe against power loss, and the folder is removed by `stop`. Default false. */
  readonly temporary?: boolean;
  /** Port of a server that is started. Default: a free one. */
  readonly port?: number;
  /** Default: `postgres.log` in the folder. */
  readonly logFile?: string;
}

/**
 * Returns a PostgreSQL: the given one, the embedded one if it is already running, or the embedded one, started (and
 * created) now.
 */
export async function ensureDatabase(options: DatabaseOptions): Promise<DatabaseServer> {
  const { databaseUrl = process.env['DATABASE_URL'], name = 'tempera' } = options;
  if (databaseUrl)
    return { url: databaseUrl, origin: 'given', stop: async () => undefined, kill: async () => undefined };
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Two first starts at once would otherwise create two clusters in one folder.
  const release = await lock(join(dir, 'lock'));
  try {
    const user = postgresUser();
    const binaries = findPostgresBinaries(user);
    const base = dataFolder(dir, user);
    const password = readPassword(dir);
    const data = join(base, 'data');
    if (!existsSync(join(data, 'PG_VERSION')))
      await createCluster({ base, data, password, binaries, user, temporary: options.temporary ?? false });
    checkVersion(data, binaries);
    const urlFor = (port: number, database: string) =>
      `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;

    const running = runningPort(data);
    if (running !== null && (await answers(urlFor(running, 'postgres')))) {
      await createDatabase(urlFor(running, 'postgres'), name);
      return {
        url: urlFor(running, name),
        origin: 'adopted',
        stop: async () => undefined,
        kill: async () => undefined,
      };
    }
    const port = options.port ?? (await freePort());
    const child = await startServer({ options, dir, base, data, port, binaries, user, url: urlFor(port, 'postgres') });
    const stop = async () => {
      await child.stop();
      if (!options.temporary) return;
      rmSync(base, { recursive: true, force: true });
      rmSync(dir, { recursive: true, force: true });
    };
    const kill = async () => {
      child.signal('SIGKILL');
      await child.exited;
    };
    await createDatabase(urlFor(port, 'postgres'), name);
    return { url: urlFor(port, name), origin: 'started', stop, kill };
  } finally {
    release();
  }
}

/**
 * Where the cluster lies: in `dir`, or elsewhere when the user who runs PostgreSQL cannot get there (`dir` below
 * /root).
 */
function dataFolder(dir: string, user: SystemUser | undefined): string {
  if (user === undefined) return dir;
  if (canUse(user, resolve(dir, '..'), 0o1)) {
    chownSync(dir, user.uid, user.gid);
    return dir;
  }
  const note = join(dir, 'location');
  if (!existsSync(note)) writeFileSync(note, join(placeForUser(user), `data-${randomBytes(6).toString('hex')}`));
  const base = readFileSync(note, 'utf8').trim();
  mkdirSync(base, { recursive: true, mode: 0o700 });
  chownSync(base, user.uid, user.gid);
  return base;
}

function readPassword(dir: string): string {
  const file = join(dir, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

interface ClusterOptions {
  readonly base: string;
  readonly data: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | undefined;
  readonly temporary: boolean;
}

/** Creates the cluster under another name first, so that an interrupted one never counts. */
async function createCluster({ base, data, password, binaries, user, temporary }: ClusterOptions): Promise<void> {
  const draft = join(base, `init-${process.pid}`);
  const passwordFile = join(base, `init-${process.pid}.password`);
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) chownSync(passwordFile, user.uid, user.gid);
  const args = [
    '-D',
    draft,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--locale=C',
  ];
  if (temporary) args.push('--no-sync');
  try {
    await run(binaries.initdb, args, { cwd: base, ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }) });
    renameSync(draft, data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

function checkVersion(data: string, binaries: PostgresBinaries): void {
  const version = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  if (version === binaries.major) return;
  throw new Error(
    `${data} was made by PostgreSQL ${version}; the installed one is ${binaries.major} and cannot read it. ` +
      'Dump it with the old version and restore it, or remove the folder to start empty.',
  );
}

/**
 * Line 4 of postmaster.pid is the port. The file may be left over from a killed server: the caller tries to connect.
 */
function runningPort(data: string): number | null {
  try {
    const port = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[3]);
    return Number.isInteger(port) && port > 0 ? port : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

interface ServerOptions {
  readonly options: DatabaseOptions;
  readonly dir: string;
  readonly base: string;
  readonly data: string;
  readonly port: number;
  readonly binaries: PostgresBinaries;
  readonly user: SystemUser | undefined;
  readonly url: string;
}

/** Right after a SIGKILL the old processes may still hold the cluster for a moment; only that is retried. */
const STILL_HELD = /pre-existing shared memory block|lock file "postmaster.pid" already exists/;

async function startServer(server: ServerOptions): Promise<Child> {
  const { options, data, port, binaries, user } = server;
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'timezone=UTC',
    'log_timezone=UTC',
  ];
  if (options.temporary) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
  for (let attempt = 1; ; attempt += 1) {
    const child = startChild({
      name: 'PostgreSQL',
      command: binaries.postgres,
      args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      cwd: server.base,
      logFile: options.logFile ?? join(server.dir, 'postgres.log'),
      // Fast shutdown: open connections are ended. SIGTERM would wait for them.
      stopSignal: 'SIGINT',
      user,
    });
    try {
      await waitUntilReady(child, () => answers(server.url));
      return child;
    } catch (error) {
      await child.stop();
      if (attempt === 5 || !STILL_HELD.test(child.lastLines())) throw error;
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch {
    // Not up, or another server on this port that does not know our password.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
