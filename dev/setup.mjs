// Brings a checkout to the point where its programs can run. Quick when nothing has to be done. Plain JavaScript
// without dependencies; runs in the project's folder.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { lock } from './lock.mjs';
import { runStep, say } from './steps.mjs';
import { resolveTemporalCli } from './temporal-cli.mjs';
import { resolveVersitygw } from './versitygw.mjs';

const LOCK = join('.tempera', 'setup.lock');
const INSTALLED = join('node_modules', '.tempera-lock');
const GENERATED = join('prisma', 'generated', '.tempera-hash');
const BUILT = join('dist', '.tempera-hash');
const BUILD_CONFIG = 'tsconfig.build.json';
const BUNDLER = join('dev', 'bundle-workflows.mjs');
/** The source folders of the worker and the API. */
const SOURCES = ['activities', 'api', 'config', 'core', 'curation', 'prisma', 'providers', 'workers', 'workflows'];

/** Returns the environment variables that tell the program where things are. */
export async function setUp({ stack = false, s3 = false, programs = stack }) {
  const installing = whenStale(INSTALLED, dependencyHash, install);
  // Built beside the installation where it cannot be downloaded: the longest step of a first run.
  const cli = stack ? resolveTemporalCli(installing) : null;
  // Reported where it is awaited.
  cli?.catch(() => undefined);
  await installing;
  await whenStale(GENERATED, schemaHash, generate);
  if (programs) await buildPrograms();
  const env = {};
  if (cli) env.TEMPORAL_CLI_PATH = await cli;
  if (s3 && !process.env.S3_TEST_ENDPOINT) {
    const found = await resolveVersitygw();
    if (found.path) env.VERSITYGW_PATH = found.path;
    else env.VERSITYGW_MISSING = found.missing;
  }
  return env;
}

/** Compiles the worker and the API into `dist/` unless that was done for exactly the same sources. */
export async function buildPrograms() {
  await whenStale(BUILT, sourceHash, build);
}

/** Does the work when the mark does not hold the hash of what it depends on. Two starts at once do it once. */
async function whenStale(mark, hash, work) {
  const isFresh = () => existsSync(mark) && readFileSync(mark, 'utf8') === hash();
  if (isFresh()) return;
  const release = await lock(LOCK, { onWait: (pid) => say(`waiting for process ${pid}, which is setting up`) });
  try {
    if (isFresh()) return;
    await work();
    writeFileSync(mark, hash());
  } finally {
    release();
  }
}

export function dependencyHash() {
  return hashOf('package-lock.json');
}

function schemaHash() {
  return hashOf(join('prisma', 'schema.prisma'), join('node_modules', 'prisma', 'package.json'));
}

function sourceHash() {
  const sources = SOURCES.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  ).sort();
  const hash = createHash('sha256').update(sources.join());
  return hash.update(hashOf('package-lock.json', 'tsconfig.json', BUILD_CONFIG, BUNDLER, ...sources)).digest('hex');
}

function hashOf(...files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
}

async function install() {
  say('installing dependencies (npm ci), about half a minute');
  const npm = process.env.npm_execpath;
  const [command, first] = npm && basename(npm).startsWith('npm') ? [process.execPath, [npm]] : ['npm', []];
  const { code, output } = await runStep(command, [...first, 'ci'], { alive: 'still installing' });
  if (code !== 0) throw new Error(`npm ci failed:\n${output}`);
}

async function generate() {
  say('generating the database client');
  const { code, output } = await runStep(
    process.execPath,
    [join('node_modules', 'prisma', 'build', 'index.js'), 'generate'],
    {
      alive: 'still generating',
    },
  );
  if (code !== 0) throw new Error(`prisma generate failed:\n${output}`);
}

async function build() {
  say('compiling the worker and the API');
  const draft = join('.tempera', 'dist');
  rmSync(draft, { recursive: true, force: true });
  await buildStep(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', BUILD_CONFIG, '--outDir', draft);
  await buildStep(BUNDLER, join(draft, 'workflow-bundle.js'));
  rmSync('dist', { recursive: true, force: true });
  renameSync(draft, 'dist');
}

async function buildStep(program, ...args) {
  const { code, output } = await runStep(process.execPath, [program, ...args], { alive: 'still compiling' });
  if (code !== 0) throw new Error(`${basename(program)} failed:\n${output}`);
}
