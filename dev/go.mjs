// Builds programs through the Go module proxy. Plain JavaScript without dependencies.
import { join } from 'node:path';
import { onPath } from './cache.mjs';
import { runStep, say } from './steps.mjs';

/** From this version on, Go fetches newer toolchains by itself. */
const OLDEST_GO = [1, 21];

/**
 * Runs `go <args>`. `needs` is the Go version of the module that is built, such as [1, 26, 4];
 * `effort` says what it costs. Throws an Error that says
 * what is missing.
 */
export async function runGo({ args, cwd, env = {}, needs, title, effort }) {
  const go = onPath('go');
  if (go === null) throw new Error('a build needs Go, and there is no go on PATH');
  const { output } = await runStep(go, ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: '/', timeoutMs: 15_000 });
  const [version = '', toolchain = ''] = output.split('\n');
  const found = (/(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? []).slice(1).map((part) => Number(part ?? 0));
  const wanted = toolchain === 'local' ? needs : OLDEST_GO;
  if (found.length === 0 || isOlder(found, wanted))
    throw new Error(`a build needs Go ${wanted.join('.')}; ${go} is ${version || 'unknown'}`);
  say(`${title} with Go: ${effort}, once per machine`);
  const startedMs = Date.now();
  const result = await runStep(go, args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', ...env },
    alive: `still ${title}`,
  });
  if (result.code !== 0) throw new Error(`${title} failed: ${lastLines(result.output)}`);
  say(`done ${title} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
}

/** True when version `a` is older than version `b`. */
export function isOlder(a, b) {
  for (const [index, part] of b.entries()) {
    if ((a[index] ?? 0) !== part) return (a[index] ?? 0) < part;
  }
  return false;
}

function lastLines(output) {
  return output.split('\n').slice(-3).join(' | ') || 'no output';
}

/** Path of a program inside a draft folder. */
export function programIn(folder, name) {
  return join(folder, process.platform === 'win32' ? `${name}.exe` : name);
}
