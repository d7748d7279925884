import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where pods of the local stack live. */
export type Cloud = 'emulated' | 'runpod';

/** RunPod itself as soon as there is a key for it. */
export function cloudOf(env: Readonly<Record<string, string | undefined>> = process.env): Cloud {
  return env['RUNPOD_API_KEY'] ? 'runpod' : 'emulated';
}

/** Folder of all local state when the caller names none. */
export function defaultHome(cloud: Cloud, env: Readonly<Record<string, string | undefined>> = process.env): string {
  return resolve(env['TEMPERA_HOME'] || (cloud === 'runpod' ? join('.tempera', 'runpod') : '.tempera'));
}

/**
 * Marks a folder as that of one cloud. Throws when it is the other's: a training that was interrupted there would go on here,
 * and one of the demo would rent real pods.
 */
export function claimHome(home: string, cloud: Cloud): void {
  const file = join(home, 'cloud');
  const owner = existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
  if (owner !== null && owner !== cloud) {
    throw new Error(
      `${home} belongs to ${nameOf(owner as Cloud)}, and its unfinished trainings would go on with ${nameOf(cloud)}. ` +
        'Set TEMPERA_HOME to another folder.',
    );
  }
  mkdirSync(home, { recursive: true });
  writeFileSync(file, `${cloud}\n`);
}

function nameOf(cloud: Cloud): string {
  return cloud === 'runpod' ? 'RunPod (real pods)' : 'the emulated cloud';
}
