// Programs that are downloaded or built once per machine. A program counts as cached only when it is complete: it is
// made under another name, run with --version, and then renamed. Plain JavaScript without dependencies.
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { lock } from './lock.mjs';
import { runStep, say } from './steps.mjs';

const EXE = process.platform === 'win32' ? '.exe' : '';

/** Outside node_modules, so that a fresh install or another clone finds it again. */
export function cacheFolder(env = process.env) {
  if (env.TEMPERA_CACHE_DIR) return resolve(env.TEMPERA_CACHE_DIR);
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tempera');
}

/** The path of a program once it has been made. */
export function cachedProgram(name, version) {
  return join(cacheFolder(), 'bin', `${name}-${version}${EXE}`);
}

/** The first program of this name on PATH, or null. */
export function onPath(name, env = process.env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const file = resolve(folder, `${name}${EXE}`);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** True when the program runs. */
async function runs(program) {
  return (await runStep(program, ['--version'], { timeoutMs: 15_000 })).code === 0;
}

/** The version that `<program> --version` names, as [major, minor, patch]; null when it does not run. */
export async function versionOf(program) {
  const { code, output } = await runStep(program, ['--version'], { timeoutMs: 15_000 });
  const match = code === 0 ? /(\d+)\.(\d+)\.(\d+)/.exec(output) : null;
  return match && match.slice(1).map(Number);
}

/**
 * Returns the cached program, making it if it is missing. `makers` are tried in turn; each gets a draft folder and
 * returns the path of what it made, or throws an Error that says why not. Returns { path } or { reasons }.
 */
export async function cachedOrMade({ name, version, makers }) {
  const program = cachedProgram(name, version);
  if (exists(program)) return { path: program };
  const bin = join(cacheFolder(), 'bin');
  mkdirSync(bin, { recursive: true });
  const release = await lock(join(cacheFolder(), `${name}.lock`), {
    onWait: (pid) => say(`waiting for process ${pid}, which is making ${name}`),
  });
  try {
    if (exists(program)) return { path: program };
    // Left behind by a killed process; nobody else works here while we hold the lock.
    for (const left of readdirSync(bin).filter((entry) => entry.startsWith(`draft-${name}-`))) {
      rmSync(join(bin, left), { recursive: true, force: true });
    }
    const reasons = [];
    for (const make of makers) {
      const draft = mkdtempSync(join(bin, `draft-${name}-`));
      try {
        const made = await make(draft);
        if (!(await runs(made))) throw new Error(`${made} does not answer --version`);
        renameSync(made, program);
        return { path: program };
      } catch (error) {
        reasons.push(error.message);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    }
    return { reasons };
  } finally {
    release();
  }
}

export function exists(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
