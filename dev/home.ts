import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { keepPrivate } from '../config/private-files.ts';

/** Where the local stack's pods run. */
export type Cloud = 'emulated' | 'runpod';

/** RunPod itself as soon as there is a key for it. */
export function cloudOf(env: Readonly<Record<string, string | undefined>> = process.env): Cloud {
  return env['RUNPOD_API_KEY'] ? 'runpod' : 'emulated';
}

/** Default folder for all local state. */
export function defaultHome(cloud: Cloud, env: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(env['TEMPERA_HOME'] || (cloud === 'runpod' ? join('.tempera', 'runpod') : '.tempera'));
}

/** Only entering, where root starts PostgreSQL as another user: its files are below, in a folder of their own. */
const HOME_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/**
 * Marks a folder as that of one cloud, and makes everything in it private, also what an earlier version left open.
 * Throws when it is the other's: a training that was interrupted there would go on here, and one of the demo would rent
 * real pods.
 */
export function claimHome(home: string, cloud: Cloud): void {
  const file = join(home, 'cloud');
  const owner = existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  if (owner !== null && owner !== cloud) {
    throw new Error(
      `${home} belongs to ${nameOf(owner as Cloud)}, and its unfinished trainings would continue on ${nameOf(cloud)}. ` +
        'Set TEMPERA_HOME to a different folder.',
    );
  }
  makeHome(home);
  writeFileSync(file, `${cloud}\n`, { mode: 0o600 });
  keepPrivate(home);
  // A folder with another name may contain more than our files.
  for (const folder of [home, dirname(home)]) if (basename(folder) === '.tempera') chmodSync(folder, HOME_MODE);
}

/** Creates the folder, readable only by us, unless it exists. */
export function makeHome(home: string): void {
  if (!existsSync(home)) mkdirSync(home, { recursive: true, mode: HOME_MODE });
}

function nameOf(cloud: Cloud): string {
  return cloud === 'runpod' ? 'RunPod (real pods)' : 'the emulated cloud';
}
