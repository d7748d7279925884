import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createLazyCurator } from './lazy-curator.ts';

const run = promisify(execFile);

test('one that was never used has nothing to stop', async () => {
  const curator = createLazyCurator();

  await curator.stop();
  await curator.stop();
});

test('a worker without the cpu role loads no picture library', async () => {
  const code = [
    "await import('./workers/dependencies.ts');",
    "await import('./workers/roles.ts');",
    "await import('./activities/io.ts');",
    'console.log(JSON.stringify(process.report.getReport().sharedObjects));',
    'process.exit(0);',
  ].join('\n');
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
    cwd: `${import.meta.dirname}/..`,
  });
  const loaded = JSON.parse(stdout) as string[];

  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter((file) => /vips|sharp|tfjs/i.test(file))).toEqual([]);
});
