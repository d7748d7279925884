// Runs a script on Node 24, the newer of the two versions that Tempera is tested on, whichever Node is installed:
// `node dev/node24.mjs <script> [arguments]`. The program comes from npm, once per machine. Plain JavaScript without
// dependencies.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cachedOrMade } from './cache.mjs';
import { runStep, say } from './steps.mjs';

const VERSION = '24.21.0';
const DOWNLOAD_LIMIT_MS = 300_000;

const script = process.argv.slice(2);
const { path, reasons } = await cachedOrMade({ name: 'node', version: VERSION, makers: [download] });
if (!path) {
  say(`there is no Node ${VERSION}: ${reasons.join('; ')}`);
  process.exit(1);
}
const { status, signal } = spawnSync(path, script, { stdio: 'inherit' });
if (signal) say(`Node ${VERSION} was ended by ${signal}`);
process.exit(status ?? 1);

/** The npm package of this platform's program. */
async function download(draft) {
  const name = `node-${process.platform}-${process.arch}`;
  const { code, output } = await runStep('npm', ['install', '--no-save', '--prefix', draft, `${name}@${VERSION}`], {
    alive: `downloading Node ${VERSION}`,
    timeoutMs: DOWNLOAD_LIMIT_MS,
  });
  if (code !== 0) throw new Error(`npm could not install ${name}@${VERSION}: ${output.split('\n').at(-1)}`);
  return join(draft, 'node_modules', name, 'bin', 'node');
}
