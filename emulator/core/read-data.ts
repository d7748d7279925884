import { readFileSync } from 'node:fs';

/** Reads one of the emulator's own data files, given relative to the module that asks. */
export function readData<T>(moduleUrl: string, relative: string): T {
  return JSON.parse(readFileSync(new URL(relative, moduleUrl), 'utf8')) as T;
}
