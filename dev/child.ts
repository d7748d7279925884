import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** A program that we started and that cannot outlive us. */
export interface Child {
  readonly name: string;
  /** Settles when the program has ended, by itself or through `stop`. */
  readonly exited: Promise<{ readonly code: number | null }>;
  readonly running: () => boolean;
  /** The last lines that it printed, for an error message. */
  readonly lastLines: () => string;
  /** Sends it a signal, SIGKILL by default, and does not wait. */
  signal(name?: NodeJS.Signals): void;
  /** Asks it to end, waits, and kills it after the grace period. May be called more than once. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Output is appended to this file. */
  readonly logFile?: string;
  /** Called with every line of standard output. */
  readonly onLine?: (line: string) => void;
  /** The signal that asks the program to end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take to end before SIGKILL. Default 15,000. */
  readonly graceMs?: number;
  /** Runs it as another user; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

const GUARD = join(import.meta.dirname, 'guard.mjs');
const KEPT_LINES = 30;

/**
 * Starts a program in a session of its own, so that Ctrl-C reaches only us and we can end everything in order. A guard
 * stands in between and ends the program when we are gone (dev/guard.mjs).
 */
export function startChild(options: ChildOptions): Child {
  const { name, command, args, stopSignal = 'SIGTERM', graceMs = 15_000, user } = options;
  // Its output is readable only by its owner.
  const order = JSON.stringify({ command, args, stopSignal, graceMs, ...user, umask: 0o077 });
  const guard = spawn(process.execPath, [GUARD, order], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: options.cwd,
    env: options.env ?? process.env,
  });
  const lines: string[] = [];
  const log = options.logFile === undefined ? undefined : openLog(options.logFile);
  const listen = (stream: Readable, onLine?: (line: string) => void) => {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      log?.write(`${line}\n`);
      onLine?.(line);
    });
  };
  listen(guard.stdout, options.onLine);
  listen(guard.stderr);
  // A pipe error only says that the guard has ended; `exited` reports that.
  guard.stdin.on('error', () => undefined);

  let ended = false;
  const exited = new Promise<{ code: number | null }>((resolve) => {
    guard.on('error', (error) => lines.push(error.message));
    guard.on('close', (code) => {
      ended = true;
      log?.end();
      resolve({ code });
    });
  });
  return {
    name,
    exited,
    running: () => !ended,
    lastLines: () => lines.join('\n'),
    signal(signal = 'SIGKILL') {
      guard.stdin.write(`${signal}\n`);
    },
    async stop() {
      guard.stdin.end();
      await exited;
    },
  };
}

function openLog(file: string) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return createWriteStream(file, { flags: 'a', mode: 0o600 });
}

/** Waits until `ready` returns true. Throws, with the child's last lines, if it ends first or the time is up. */
export async function waitUntilReady(
  child: Child,
  ready: () => Promise<boolean>,
  { timeoutMs = 30_000, everyMs = 50 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready())) {
    if (!child.running()) throw new Error(`${child.name} ended while it was starting.\n${child.lastLines()}`);
    if (Date.now() > deadline)
      throw new Error(`${child.name} was not ready after ${timeoutMs / 1000} s.\n${child.lastLines()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
