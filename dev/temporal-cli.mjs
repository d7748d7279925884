// Finds or builds the Temporal CLI, which contains the server and its Web UI. Plain JavaScript without dependencies.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cachedOrMade, cachedProgram, onPath, versionOf } from './cache.mjs';
import { isOlder } from './go.mjs';
import { buildTemporalCli } from './offline/build-temporal-cli.mjs';
import { runStep, say } from './steps.mjs';

/** CLI 1.8.2 is server 1.31.2 with Web UI 2.50.1 (2026-07-30). The module in dev/offline/temporal-cli pins the same. */
const VERSION = '1.8.2';
const OLDEST = [1, 5, 0];
const HOST = 'https://temporal.download';
const REACH_LIMIT_MS = 8_000;

/**
 * Returns the path of a working CLI. `dependencies` settles when node_modules is there: a download needs it, a build
 * does not wait for it. Throws an Error with the three ways to get one.
 */
export async function resolveTemporalCli(dependencies = Promise.resolve()) {
  const given = process.env.TEMPORAL_CLI_PATH;
  if (given) {
    if ((await versionOf(given)) === null)
      throw new Error(`TEMPORAL_CLI_PATH is ${given}, which does not respond to --version.`);
    return given;
  }
  const installed = onPath('temporal');
  if (installed !== null) {
    const version = await versionOf(installed);
    if (version !== null && !isOlder(version, OLDEST)) return installed;
    say(
      `${installed} is ${version === null ? 'not usable' : `version ${version.join('.')}`}; ${OLDEST.join('.')} or newer is needed`,
    );
  }
  const result = await cachedOrMade({
    name: 'temporal',
    version: VERSION,
    makers: [(draft) => download(draft, dependencies), (draft) => buildTemporalCli(draft, VERSION)],
  });
  if (result.path) return result.path;
  throw new Error(
    [
      'The Temporal CLI is missing, and it could not be fetched:',
      ...result.reasons.map((reason) => `  - ${reason}`),
      'Any one of these helps:',
      `  1. internet access: the Temporal SDK then downloads the CLI ${VERSION} by itself;`,
      '  2. Go 1.26.4 or newer on PATH, with a Go module proxy: it is then built (about 4 minutes, once per machine);',
      `  3. your own: install it (https://docs.temporal.io/cli), or set TEMPORAL_CLI_PATH to the program, or put it at ${cachedProgram('temporal', VERSION)}.`,
    ].join('\n'),
  );
}

/** The SDK's own download, in a separate process, so that it can be killed when the network swallows everything. */
async function download(draft, dependencies) {
  await requireReachable();
  await dependencies;
  say(`fetching the Temporal CLI ${VERSION}`);
  const script = join(import.meta.dirname, 'temporal-download.mjs');
  const { code, output } = await runStep(process.execPath, [script, draft, `v${VERSION}`], {
    alive: 'still fetching the Temporal CLI',
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`the download failed: ${output.split('\n').at(-1) || `exit code ${code}`}`);
  const file = readdirSync(draft).find((name) => name.startsWith('temporal') && !name.endsWith('.downloading'));
  if (file === undefined) throw new Error('the download left no file');
  return join(draft, file);
}

/** The SDK has no time limit of its own: a network that swallows packets would hold it for minutes. */
async function requireReachable() {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${REACH_LIMIT_MS / 1000} s`)), REACH_LIMIT_MS);
  try {
    await fetch(HOST, { method: 'HEAD', signal: late.signal });
  } catch (error) {
    throw new Error(`${HOST} cannot be reached (${error.cause?.code ?? error.message})`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
