// The entry of `npm run build | demo | test | test:quick | start | chaos | curate | check | bootstrap | bench:* |
// db:*`. Works on a clone in which nothing is installed: brings dependencies, the generated database client and the
// Temporal CLI up to date, then runs the command and ends with its exit code. Plain JavaScript without dependencies.
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { endSteps, say } from './steps.mjs';

const ROOT = join(import.meta.dirname, '..');
/** Where the person is, for commands that take paths; npm says it in INIT_CWD. */
const STARTED_IN = process.cwd();
/** How long a command may take to end everything it started. */
const GRACE_MS = 60_000;

const VITEST = 'node_modules/vitest/vitest.mjs';

const [word = '', ...args] = process.argv.slice(2);
const command = commandFor(word);
if (command === null) fail(`unknown command "${word}"; package.json lists the scripts`);

let child = null;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
watchParent();

try {
  process.chdir(ROOT);
  const env = await setUp(command.needs);
  if (!stopping && command.file) run(command, env);
} catch (error) {
  if (!stopping) fail(error.message);
}

function commandFor(name) {
  const typescript = (file) => ({ file: ['--import', 'tsx', file] });
  if (name === 'test') return { file: [VITEST, 'run'], needs: { stack: true, s3: true } };
  if (name === 'test:quick')
    return { file: [VITEST, 'run', '--project', 'unit', '--project', 'conformance'], needs: {} };
  if (name === 'build') return { needs: { programs: true } };
  if (name === 'curate') return { ...typescript('cli/curate.ts'), needs: {} };
  if (name === 'check') return { ...typescript('dev/check.ts'), needs: {} };
  if (name === 'bootstrap') return { ...typescript('cli/bootstrap.ts'), needs: {} };
  if (name.startsWith('db:')) return { file: ['--import', 'tsx', 'dev/db.ts', name.slice('db:'.length)], needs: {} };
  if (name === 'bench:curation' || name === 'bench:page')
    return { ...typescript(`bench/${name.slice('bench:'.length)}.ts`), needs: {} };
  if (name.startsWith('bench:'))
    return { ...typescript(`bench/${name.slice('bench:'.length)}.ts`), needs: { stack: true, s3: true } };
  if (name === 'chaos') return { ...typescript('chaos/main.ts'), needs: { stack: true, s3: true } };
  if (name === 'demo' || name === 'start') return { ...typescript(`dev/${name}.ts`), needs: { stack: true } };
  return null;
}

/**
 * Runs the program in a session of its own: a signal then reaches it once, through us, and not a second time from the
 * terminal.
 */
function run({ file }, env) {
  const script = file.find((part) => /\.(ts|mjs)$/.test(part));
  if (!existsSync(script)) fail(`${script} does not exist`);
  child = spawn(process.execPath, ['--import', './dev/parent-watch.mjs', ...file, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: process.platform !== 'win32',
    env: { INIT_CWD: STARTED_IN, ...process.env, ...env },
  });
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => {
    endGroup(child);
    process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
  });
}

function stop(signal) {
  stopping = true;
  endSteps();
  if (child === null) process.exit(128 + constants.signals[signal]);
  // The program treats every signal alike: it ends what it started. A second Ctrl-C reaches it as a second one.
  child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  setTimeout(() => {
    say('it did not end in time and is killed');
    endGroup(child);
  }, GRACE_MS).unref();
}

/** Whatever the program left in its session, such as a hanging test worker. */
function endGroup(program) {
  try {
    if (process.platform === 'win32') program.kill('SIGKILL');
    else process.kill(-program.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * When npm is killed, the only sign is that our parent changes. Only under npm, because a shell may leave us on
 * purpose.
 */
function watchParent() {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !stopping) stop('SIGTERM');
  }, 500).unref();
}

function fail(message) {
  say(message);
  process.exit(1);
}
