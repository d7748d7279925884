/** The worker runs compiled: what it starts by a file name must have been compiled too. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { jpegScene } from '../../curation/generated-photos.fixture.ts';
import { LIMITS } from '../../curation/limits.ts';
import type { createLoneProcess as createFromSource } from '../../curation/openings/lone-process.ts';
import { buildPrograms } from '../../dev/setup.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
await buildPrograms();

test('opens a photo in a process of its own', async () => {
  const file = pathToFileURL(join(ROOT, 'dist', 'curation', 'openings', 'lone-process.js')).href;
  const { createLoneProcess } = (await import(file)) as { createLoneProcess: typeof createFromSource };

  const outcome = await createLoneProcess({ maxBytes: LIMITS.loneBytes }).run('decode', { bytes: await jpegScene(1) });

  expect(outcome).toMatchObject({ status: 'done', value: { width: expect.any(Number) } });
});

test.each(['api', 'workers', 'curation/openings', 'curation/threads'])('has every program of %s', (folder) => {
  const programs = (kind: string) =>
    readdirSync(join(ROOT, kind, folder)).flatMap((name) => /^(.*-?main|.*-thread)\.[tj]s$/.exec(name)?.[1] ?? []);

  expect(programs('dist')).toEqual(programs('.'));
});
