// Runs the slow steps that come before our own program (npm ci, builds, downloads) and leaves none of them behind.
// Plain JavaScript without dependencies.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const GUARD = join(import.meta.dirname, 'guard.mjs');
const running = new Set();

/** Says in one line what is being done. */
export function say(text) {
  process.stderr.write(`tempera: ${text}\n`);
}

/**
 * Runs a program and returns its exit code and output. `alive` is a text that is printed about every ten seconds while
 * it runs; `timeoutMs` ends it. The program gets a process group of its own, so that all it starts can be ended with
 * it.
 */
export function runStep(command, args, { cwd, env = process.env, alive, timeoutMs, everyMs = 10_000 } = {}) {
  return new Promise((resolve) => {
    // The guard ends the program when we are killed.
    const order = JSON.stringify({ command, args, stopSignal: 'SIGTERM', graceMs: 3_000 });
    const child = spawn(process.execPath, [GUARD, order], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    // A pipe error only says that the guard has ended; `close` reports that.
    child.stdin.on('error', () => undefined);
    const startedMs = Date.now();
    let output = '';
    running.add(child);
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const ticker =
      alive && setInterval(() => say(`${alive} (${Math.round((Date.now() - startedMs) / 1000)} s)`), everyMs);
    const timer =
      timeoutMs &&
      setTimeout(() => {
        keep(`\nnot done after ${timeoutMs / 1000} s`);
        endGroup(child);
      }, timeoutMs);
    const done = (code) => {
      running.delete(child);
      clearInterval(ticker);
      clearTimeout(timer);
      resolve({ code, output: output.trim() });
    };
    child.on('error', (error) => {
      keep(error.message);
      done(127);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Ends every running step at once. */
export function endSteps() {
  for (const child of running) endGroup(child);
}

function endGroup(child) {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it ended by itself just now.
    if (error.code !== 'ESRCH') throw error;
  }
}
