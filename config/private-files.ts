/** Local state is for its owner alone: it holds keys, photos and logs. */
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that we put into TEMPERA_HOME. Anything else in there is left alone. */
const OURS = [
  'api-key',
  'cloud',
  'curation',
  'emulator',
  'logs',
  'objects',
  'postgres',
  'secret',
  'stack.lock',
  'temporal.db',
  'temporal.db-shm',
  'temporal.db-wal',
  'temporal.toml',
  'tmp',
  'uploads',
];

/**
 * Makes the folder when it is missing (0700), and what is ours in it private: folders 0700, files 0600. What lies
 * deeper cannot be reached then. Answers the paths that belong to somebody else and stay as they are.
 */
export function keepPrivate(home: string): string[] {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return OURS.map((name) => join(home, name)).filter((path) => !makePrivate(path));
}

/** True when the path is private now, or does not exist. */
function makePrivate(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSymbolicLink()) return true;
  const mode = stats.isDirectory() ? 0o700 : 0o600;
  if ((stats.mode & 0o777) === mode) return true;
  try {
    chmodSync(path, mode);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    throw error;
  }
}
