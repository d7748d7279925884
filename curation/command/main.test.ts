import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CuratedSet, CurateInput } from '../contract.ts';
import { jpegScene } from '../generated-photos.fixture.ts';
import { curatedSet, curationReport, photoReport } from '../report/report.fixture.ts';
import type { CurationReport } from '../report/report.ts';
import { curateCommand } from './main.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-curate-'));
  await mkdir(join(folder, 'photos'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const addPhoto = async (name: string, bytes: Uint8Array | string = name) =>
  await writeFile(join(folder, 'photos', name), bytes);

/** Runs the command with a curator that answers what it is told. */
async function run(args: readonly string[], verdict: CurationReport['verdict'] | Error = 'pass') {
  const seen = { out: '', errors: '', inputs: [] as CurateInput[], stopped: 0 };
  const pairs: CuratedSet['pairs'] = [{ a: 'a.jpg', b: 'b.jpg', relation: 'copy', bits: 3, match: 0.99 }];
  const code = await curateCommand({
    args,
    directory: folder,
    cacheFolder: join(folder, 'cache'),
    createCurator: () => ({
      async curate(input) {
        seen.inputs.push(input);
        if (verdict instanceof Error) throw verdict;
        input.onProgress?.({ done: 1, total: input.photos.length });
        const photos = input.photos.map(({ filename }) => photoReport(filename));
        return await curatedSet(curationReport(photos, { verdict }), pairs);
      },
      async stop() {
        seen.stopped++;
      },
    }),
    createCaptioner: ({ model }) => ({ name: model, describe: async () => ({ status: 'described', text: 'x' }) }),
    terminal: {
      write: (text) => void (seen.out += text),
      writeError: (text) => void (seen.errors += text),
      width: 80,
      colour: false,
      progress: false,
    },
    signal: new AbortController().signal,
  });
  return { code, ...seen };
}

describe('curateCommand', () => {
  it.each([
    ['pass', 0],
    ['warnings', 2],
    ['blocked', 3],
  ] as const)('answers %s with exit code %i', async (verdict, code) => {
    await addPhoto('a.jpg');

    const result = await run(['photos'], verdict);

    expect(result).toMatchObject({ code, errors: '', stopped: 1 });
    expect(result.out).toContain('a.jpg  keep');
  });

  it('prints JSON and nothing else', async () => {
    await addPhoto('a.jpg');

    const { out } = await run(['photos', '--json', '--report', 'out', '--pairs-json', 'deep/pairs.json']);

    expect(JSON.parse(out)).toMatchObject({ verdict: 'pass', photos: [{ filename: 'a.jpg' }] });
    expect((await readdir(join(folder, 'out'))).toSorted()).toEqual([
      'contact-sheet.png',
      'report.html',
      'report.json',
    ]);
    expect(await readFile(join(folder, 'out', 'report.json'), 'utf8')).toBe(out);
    expect(await readFile(join(folder, 'out', 'report.html'), 'utf8')).toContain('a.jpg');
    expect(JSON.parse(await readFile(join(folder, 'deep', 'pairs.json'), 'utf8'))).toEqual([
      { a: 'a.jpg', b: 'b.jpg', relation: 'copy', bits: 3, match: 0.99 },
    ]);
  });

  it('hands options, captions, overrides, captioner and cache to the curator', async () => {
    await addPhoto('a.jpg');
    await addPhoto('a.txt', 'ohwx at sea');
    await writeFile(join(folder, 'o.json'), '{"a.jpg": {"decision": "pin"}}');

    const flags = '--kind style --overrides o.json --captions-url http://localhost/v1 --captions-model eyes';
    const { inputs } = await run(['photos', ...flags.split(' ')]);

    expect(inputs[0]).toMatchObject({
      options: { subjectKind: 'style' },
      training: { triggerWord: 'ohwx', resolutions: [512, 768, 1_024], divisor: 16 },
      captioner: { name: 'eyes' },
      photos: [{ filename: 'a.jpg', caption: 'ohwx at sea', override: { decision: 'pin', by: 'o.json' } }],
    });
    await inputs[0]!.cache!.put('key', Buffer.from('x'));
    expect(await readdir(join(folder, 'cache'))).toEqual(['key']);
    expect((await run(['photos', '--no-cache'])).inputs[0]).toMatchObject({ cache: null, captioner: null });
  });

  it.each([
    [['nowhere'], 'does not exist', 'Give the path of a folder'],
    [['photos/a.jpg'], 'is not a folder', 'Give the path of a folder'],
    [['empty'], 'There are no photos in', 'Put JPEG, PNG'],
    [['photos', '--fast'], "Unknown option '--fast'", '--help'],
    [['photos', '--overrides', 'o.json'], 'mention z.jpg', 'Correct the name'],
    [['photos', '--overrides', 'none.json'], 'ENOENT', 'Correct the file'],
    [['photos', '--report', 'photos'], 'among the photos', 'another folder'],
    [['photos', '--report', 'o.json'], 'EEXIST', 'Choose a location'],
  ])('says in one line each what is wrong with %j and what to do', async (args, what, fix) => {
    await addPhoto('a.jpg');
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'o.json'), '{"z.jpg": {"decision": "pin"}}');

    const { code, out, errors } = await run(args);

    expect({ code, out }).toEqual({ code: 1, out: '' });
    const lines = errors.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(what);
    expect(lines[1]).toContain(fix);
  });

  it('ends the threads also when curating fails', async () => {
    await addPhoto('a.jpg');

    expect(await run(['photos'], new Error('disk on fire'))).toMatchObject({
      code: 1,
      stopped: 1,
      errors: expect.stringContaining('disk on fire'),
    });
  });
});

describe('npm run curate', () => {
  /** As npm starts it: in the project's folder, with the person's folder in INIT_CWD. */
  const start = async (...args: string[]) =>
    await new Promise<{ code: number | null; out: string; errors: string }>((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', 'cli/curate.ts', ...args], {
        cwd: ROOT,
        env: { ...process.env, INIT_CWD: folder, TEMPERA_HOME: join(folder, 'home') },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, errors] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => void (errors += text));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, errors }));
    });

  it('curates pictures, keeps measurements for the next run and says by its exit code how it went', async () => {
    for (let seed = 1; seed <= 10; seed++)
      await addPhoto(`${seed}.jpg`, await jpegScene(seed, { width: 1_200, height: 1_000 }));

    const pass = await start('photos', '--kind', 'style', '--json');
    expect(pass).toMatchObject({ code: 0, errors: '' });
    expect(JSON.parse(pass.out)).toMatchObject({ verdict: 'pass', kept: 10 });
    expect(await readdir(join(folder, 'home', 'curation'))).toHaveLength(10);

    await addPhoto('broken.jpg', (await jpegScene(1)).subarray(0, 5_000));
    await addPhoto('small.jpg', await jpegScene(99, { width: 600, height: 500 }));
    const warned = await start('photos', '--kind', 'style');
    expect(warned).toMatchObject({ code: 2, errors: '' });
    expect(warned.out).toContain('11 of 12 photos can be trained on; dropped: 1 unreadable.');

    const blocked = await start('photos', '--kind', 'style', '--min', '12');
    expect(blocked).toMatchObject({ code: 3, errors: '' });
    expect(blocked.out).toContain('at least 12 are needed');

    expect(await start('nowhere')).toMatchObject({ code: 1, out: '' });
  }, 240_000);
});
