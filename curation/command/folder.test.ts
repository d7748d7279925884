import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jpegScene } from '../generated-photos.fixture.ts';
import { createFolderCache } from './folder-cache.ts';
import { readPhotoFolder } from './folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-folder-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('readPhotoFolder', () => {
  it('takes what is named like a picture or begins like one, and says what it left', async () => {
    const photo = await jpegScene(1);
    await writeFile(join(folder, 'b.JPG'), photo);
    await writeFile(join(folder, 'no-ending'), photo);
    await writeFile(join(folder, 'broken.png'), 'not a picture');
    await writeFile(join(folder, '.hidden.jpg'), photo);
    await writeFile(join(folder, 'notes.md'), 'words');
    await mkdir(join(folder, 'more.jpg'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken-link.jpg'));

    const { photos, skipped } = await readPhotoFolder(folder);

    expect(photos.map(({ id }) => id)).toEqual(['b.JPG', 'broken.png', 'no-ending']);
    expect(skipped).toEqual(['notes.md']);
    expect(photos[0]!.sha256).toBe(createHash('sha256').update(photo).digest('hex'));
    expect(Buffer.from(await photos[0]!.read()).equals(photo)).toBe(true);
  });

  it('reads captions beside photos, and calls a text without a photo skipped', async () => {
    await writeFile(join(folder, 'mia.one.jpg'), 'x');
    await writeFile(join(folder, 'mia.one.txt'), 'ohwx in a café');
    await writeFile(join(folder, 'plain.jpg'), 'x');
    await writeFile(join(folder, 'readme.txt'), 'words');

    const { photos, skipped } = await readPhotoFolder(folder);

    expect(photos.map(({ caption }) => caption)).toEqual(['ohwx in a café', null]);
    expect(skipped).toEqual(['readme.txt']);
  });

  it('asks for overrides by name and content', async () => {
    await writeFile(join(folder, 'a.jpg'), 'x');
    const override = { decision: 'pin', framing: null, caption: null, by: 'ada', why: null } as const;

    const { photos } = await readPhotoFolder(folder, ({ filename, sha256 }) =>
      filename === 'a.jpg' && sha256.length === 64 ? override : null,
    );

    expect(photos[0]!.override).toEqual(override);
  });

  it('holds no file that is too large in memory, and tells its size', async () => {
    const path = join(folder, 'huge.jpg');
    await writeFile(path, await jpegScene(1));
    await truncate(path, 100 * 1024 * 1024);
    const { photos } = await readPhotoFolder(folder);
    const before = process.memoryUsage().rss;

    const bytes = await photos[0]!.read();

    expect(bytes.length).toBe(100 * 1024 * 1024);
    expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    expect(process.memoryUsage().rss - before).toBeLessThan(20e6);
  });
});

describe('createFolderCache', () => {
  it('gives back what was kept, and nothing half written', async () => {
    const cache = createFolderCache(join(folder, 'deep', 'cache'));

    expect(await cache.get('key')).toBeNull();
    await cache.put('key', Buffer.from('one'));
    await cache.put('key', Buffer.from('two'));

    expect(Buffer.from((await cache.get('key'))!).toString()).toBe('two');
    expect(await readdir(join(folder, 'deep', 'cache'))).toEqual(['key']);
  });
});
