import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { linkSignals } from '../core/link-signals.ts';
import { curl, parseCurl } from './curl.ts';
import type { Disk } from '../toolkit/disk.ts';
import type { Machine } from './machine.ts';
import type { Command } from './parse-script.ts';

interface Outcome {
  exit: number;
  output?: string;
}

/**
 * Checks every command before the first one runs. Throws SyntaxError for a program or an option that the emulator does
 * not know.
 */
export function checkScript(commands: readonly Command[]): void {
  for (const { words } of commands) {
    const check = PROGRAMS[words[0] ?? '']?.check;
    if (check === undefined) throw new SyntaxError(`${words[0]}: command not found`);
    check(words.slice(1));
  }
}

/**
 * Runs a script that was checked; returns the program that took its place (`exec`), or null when it reached its end.
 */
export async function runScript(commands: readonly Command[], machine: Machine): Promise<string | null> {
  let exit = 0;
  for (const { after, words, output, input } of commands) {
    machine.signal.throwIfAborted();
    if ((after === '&&' && exit !== 0) || (after === '||' && exit === 0)) continue;
    const [program, ...args] = words as [string, ...string[]];
    if (program === 'exec') return args[0] ?? null;
    // As in a shell, the file is there before the program begins, or the program does not begin.
    const file = output && machine.disk.real(output.path);
    if (file !== undefined && !(await opens(file, output?.isAppended === true ? 'a' : 'w'))) {
      exit = 1;
      continue;
    }
    const outcome = await PROGRAMS[program]!.run(args, input ?? '', machine);
    exit = outcome.exit;
    if (file !== undefined) await appendFile(file, outcome.output ?? '');
    else if (outcome.output) machine.print(outcome.output.trimEnd());
  }
  return null;
}

async function opens(path: string, flag: 'a' | 'w'): Promise<boolean> {
  return writeFile(path, '', { flag }).then(
    () => true,
    () => false,
  );
}

interface Program {
  check: (args: readonly string[]) => void;
  run: (args: readonly string[], input: string, machine: Machine) => Promise<Outcome>;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  exec: {
    check: (args) => expectArgs('exec', args, ['/']),
    run: async () => ({ exit: 0 }),
  },
  echo: {
    check: (args) => {
      if (args.some((arg) => arg.startsWith('-'))) throw new SyntaxError('echo: options are not understood');
    },
    run: async (args) => ({ exit: 0, output: `${args.join(' ')}\n` }),
  },
  mkdir: {
    check: (args) => expectArgs('mkdir', args, ['-p', '/']),
    run: async ([, path], _, { disk }) => done(mkdir(disk.real(path!), { recursive: true })),
  },
  rm: {
    check: (args) => expectArgs('rm', args, ['-rf', '/']),
    run: async ([, path], _, { disk }) => done(rm(disk.real(path!), { recursive: true, force: true })),
  },
  mv: {
    check: (args) => expectArgs('mv', args, ['-f', '/', '/']),
    run: async ([, from, to], _, { disk }) => done(rename(disk.real(from!), disk.real(to!))),
  },
  sha256sum: {
    check: (args) => expectArgs('sha256sum', args, ['--check', '--status']),
    run: async (_, input, { disk }) => ({ exit: (await hasHash(disk, input)) ? 0 : 1 }),
  },
  timeout: {
    check: ([seconds, ...rest]) => {
      if (!/^\d+$/.test(seconds ?? '') || rest[0] !== 'curl') throw new SyntaxError('timeout: wants seconds and curl');
      parseCurl(rest.slice(1));
    },
    run: async ([seconds, , ...args], _, machine) => {
      const over = new AbortController();
      const { signal: kill, release } = linkSignals(machine.signal, over.signal);
      const timer = machine.wait(Number(seconds) * 1_000, kill).then(
        () => over.abort(),
        () => undefined, // The program was quicker.
      );
      const outcome = await curl(parseCurl(args), { ...machine, signal: kill })
        .catch((error: unknown) => {
          if (over.signal.aborted) return { exit: 124 };
          throw error;
        })
        .finally(() => {
          over.abort();
          release();
        });
      await timer;
      return outcome;
    },
  },
  curl: {
    check: (args) => void parseCurl(args),
    run: async (args, _, machine) => curl(parseCurl(args), machine),
  },
};

/** A pattern holds literal arguments, and `/` for an absolute path. */
function expectArgs(program: string, args: readonly string[], pattern: readonly string[]): void {
  const fits = pattern.every((wanted, index) =>
    wanted === '/' ? args[index]?.startsWith('/') : args[index] === wanted,
  );
  if (!fits || args.length !== pattern.length)
    throw new SyntaxError(`${program}: only "${program} ${pattern.join(' ')}" is understood`);
}

async function done(action: Promise<unknown>): Promise<Outcome> {
  return action.then(
    () => ({ exit: 0 }),
    () => ({ exit: 1 }),
  );
}

/** One line `<hex>  <path>`, as sha256sum itself prints it. */
async function hasHash(disk: Disk, line: string): Promise<boolean> {
  const [, wanted, path] = /^([0-9a-f]{64}) {2}(\/.+)$/.exec(line.trimEnd()) ?? [];
  if (path === undefined) return false;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(disk.real(path))) hash.update(chunk as Buffer);
  } catch {
    return false; // sha256sum calls a file that it cannot read a failed check.
  }
  return hash.digest('hex') === wanted;
}
