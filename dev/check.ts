/**
 * `npm run check`: format, lint, types and unused code. Runs all four and says at the end which failed. `-- lint types`
 * runs only those.
 */
import { spawn } from 'node:child_process';

const CHECKS: Record<string, readonly string[]> = {
  format: ['oxfmt/bin/oxfmt', '--check', '.'],
  lint: ['oxlint/bin/oxlint', '--deny-warnings'],
  types: ['typescript/bin/tsc', '--noEmit'],
  unused: ['knip/bin/knip.js'],
};

const wanted = process.argv.slice(2);
const failed: string[] = [];
for (const [name, [program = '', ...args]] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const startedMs = Date.now();
  const code = await run(`node_modules/${program}`, args);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}  ${name}  ${seconds} s\n`);
  if (code !== 0) failed.push(name);
}
process.stdout.write(failed.length === 0 ? 'all checks passed\n' : `failed: ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
