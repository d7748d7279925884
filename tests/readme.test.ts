/** Types what the README and docs/http-api.md tell a stranger to type, in a copy of the project. */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhoto } from '../dev/photos.ts';

const ROOT = resolve(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const HTTP_API = readFileSync(join(ROOT, 'docs', 'http-api.md'), 'utf8');
/** Left out of the copy: what a clone does not have. The installed packages are lent. */
const NOT_CLONED = new Set(['node_modules', '.git', '.tempera', 'dist', 'generated']);
/** A stranger has no settings of ours; where programs are cached is no setting of Tempera. */
const KEPT = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'TEMPORAL_CLI_PATH', 'TEMPERA_CACHE_DIR', 'XDG_CACHE_HOME'];

interface Running {
  readonly child: ChildProcess;
  readonly output: { text: string };
  readonly ended: Promise<number | null>;
}

let clone: string;
const started: Running[] = [];
beforeAll(async () => {
  clone = mkdtempSync(join(tmpdir(), 'tempera-readme-'));
  // PostgreSQL may run as another user and has to get in.
  chmodSync(clone, 0o711);
  cpSync(ROOT, clone, { recursive: true, filter: (path) => path === ROOT || !NOT_CLONED.has(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  await putPhotos();
});
afterAll(async () => {
  // Only a test that failed leaves something here.
  for (const { child, ended } of started) {
    if (isRunning(child)) process.kill(-child.pid!, 'SIGINT');
    await ended;
  }
  rmSync(clone, { recursive: true, force: true, maxRetries: 5 });
});

/** The blocks of commands of a page, by what stands behind `sh` at their head. */
function commandsOf(page: string): { name: string; text: string }[] {
  return [...page.matchAll(/^```(?:sh|bash|shell|console)\b *(\S*)\n([\s\S]*?)^```/gm)].map(([, name, text]) => ({
    name: name!,
    text: text!.trim(),
  }));
}

/** The block of the README that is marked `sh test=<name>`. */
function block(name: string): string {
  const found = commandsOf(README).find((commands) => commands.name === `test=${name}`);
  if (found === undefined) throw new Error(`README.md has no block "sh test=${name}"`);
  return found.text;
}

/** Starts a shell command in the copy and keeps what it prints. */
function type(command: string): Running {
  const env = Object.fromEntries(
    KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const child = spawn('bash', ['-c', `set -eo pipefail\n${command}`], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void (output.text += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.on('close', done));
  const running = { child, output, ended };
  started.push(running);
  return running;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Processes that still run from the copy: named in their command line, or at home in it (Linux). */
function leftovers(): string[] {
  const lines = spawnSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).stdout.split('\n');
  return lines.filter((line) => line.includes(clone) || cwdOf(line.trim().split(' ')[0] ?? '').startsWith(clone));
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has just ended, or this is not Linux.
    return '';
  }
}

test('every block of commands of the README is typed below', () => {
  expect(commandsOf(README).map(({ name }) => name)).toEqual(['test=demo', 'test=start', 'test=curate']);
});

test('every script that a page names exists', () => {
  const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(ROOT, 'docs')).map((name) => join('docs', name))];
  const named = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) => [...readFileSync(join(ROOT, page), 'utf8').matchAll(/`npm (?:run )?([a-z:-]+)/g)])
    .map(([, name]) => name!)
    .filter((name) => name !== 'ci');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };

  expect(named).toContain('test');
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('npm run curate judges a folder of photos', async () => {
  const { output, ended } = type(block('curate'));
  // 2 says that there are warnings.
  const code = await ended;
  if (code !== 0 && code !== 2) throw new Error(`npm run curate ended with ${code}:\n${output.text}`);

  for (const name of ['report.html', 'contact-sheet.png', 'report.json'])
    expect(readdirSync(join(clone, 'out'))).toContain(name);
});

test('npm run demo trains, publishes and leaves nothing running', async () => {
  const { output, ended } = type(block('demo'));
  if ((await ended) !== 0) throw new Error(`npm run demo failed:\n${output.text}`);

  expect(output.text).toContain('The cloud is EMULATED: no GPU, no money, and no real weights are trained.');
  // The shorter phases may pass between two looks.
  for (const phase of ['training', 'done']) expect(output.text).toMatch(new RegExp(`^${phase} +\\[`, 'm'));
  expect(output.text).toMatch(/^LoRA +\.tempera\/objects\/trainings\/\S+\/artifacts\/a1\/demo-ohwx\.safetensors$/m);
  expect(output.text).toMatch(/^ {2}size +20\.0 MB \(20000000 bytes\)$/m);
  expect(output.text).toMatch(/^ {2}sha256 +[0-9a-f]{64}$/m);
  expect(output.text).toMatch(/^Published +http\S+\/hub\/tempera-demo\/demo-ohwx-[0-9a-f]{4} \(emulated Hub\)$/m);
  expect(output.text).toMatch(/^Cost +\$0\.\d{4} of emulated money, 1 attempt$/m);
  expect(output.text).toMatch(/^Web UI +http\S+lora-training%2F\S+ +\(run with --keep/m);
  expect(leftovers()).toEqual([]);
});

test('npm start serves all that docs/http-api.md types, and Ctrl-C ends everything', async (context) => {
  for (const tool of ['curl', 'jq'])
    if (spawnSync(tool, ['--version']).status !== 0) context.skip(`${tool} is not installed`);
  const stack = type(block('start'));
  try {
    const printed = await printedAddresses(stack);
    const session = commandsOf(HTTP_API)
      .map(({ text }) => text)
      .join('\n');
    const http = type(
      session.replace('http://127.0.0.1:8080', printed.api).replace('.tempera/api-key', printed.keyFile),
    );
    if ((await http.ended) !== 0) throw new Error(`the HTTP session failed:\n${http.output.text}`);
    const downloaded = readdirSync(clone).filter((name) => name.startsWith('mia.'));

    expect(session).toMatch(/^API=http:\/\/127\.0\.0\.1:8080\nKEY=\$\(cat \.tempera\/api-key\)$/m);
    expect(openToOthers(join(clone, '.tempera'))).toEqual([]);
    expect(http.output.text).toContain('event: training.ready');
    expect(http.output.text).toContain('mia.safetensors: OK');
    expect(downloaded.toSorted()).toEqual(['mia.safetensors', 'mia.sha256']);
    expect(http.output.text).toContain('"status": "ready"');
  } finally {
    // As a terminal does it: to the whole group.
    process.kill(-stack.child.pid!, 'SIGINT');
    await stack.ended;
  }
  await sleep(200);
  expect(leftovers()).toEqual([]);
});

async function putPhotos(): Promise<void> {
  mkdirSync(join(clone, 'photos'));
  for (let seed = 1; seed <= 6; seed += 1) writeFileSync(join(clone, 'photos', `${seed}.jpg`), await drawPhoto(seed));
}

/** What of a folder others may read, write or enter. */
function openToOthers(folder: string): string[] {
  return readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0);
}

/** What `npm start` prints when all is up; its layout is that of the README. */
async function printedAddresses({ output, child }: Running) {
  while (!output.text.includes('Ctrl-C stops everything.')) {
    if (!isRunning(child)) throw new Error(`npm start ended early:\n${output.text}`);
    await sleep(100);
  }
  const value = (name: string) => new RegExp(`^${name} +(\\S+)`, 'm').exec(output.text)?.[1] ?? '';
  expect(output.text).toMatch(/^Temporal UI +http/m);
  expect(output.text).toMatch(/^Cloud +emulated: http/m);
  expect(output.text).toMatch(/^Logs +\S+\.tempera\/logs$/m);
  return { api: value('API'), keyFile: value('API key') };
}
