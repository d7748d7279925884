import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveCurationOptions } from '../../core/curation.ts';
import { createCurator } from '../curator.ts';
import { jpegScene } from '../generated-photos.fixture.ts';
import { workingCopy } from '../signals/analyse.ts';
import { compareFaces } from './identity-distances.ts';
import { IDENTITY_INSTALL, loadFaceDescriber } from './identity.ts';

/** Real photos, where they lie beside the project. */
const PHOTOS = process.env['TEMPERA_PHOTOS'] ?? join(import.meta.dirname, '../../../shared/images');

describe('loadFaceDescriber', () => {
  it('says which command installs what is missing', async () => {
    expect(await loadFaceDescriber('/nowhere/module.js')).toEqual({
      status: 'unavailable',
      why: `its packages are not installed. Install them: ${IDENTITY_INSTALL}`,
    });
  });

  it('names the packages in the versions that package.json allows', () => {
    const { peerDependencies, peerDependenciesMeta } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as Record<string, Record<string, unknown>>;

    const packages = Object.entries(peerDependencies!).map(([name, version]) => `${name}@${String(version)}`);
    expect(packages.length).toBe(2);
    for (const one of packages) expect(IDENTITY_INSTALL.split(' ')).toContain(one);
    expect(Object.values(peerDependenciesMeta!)).toEqual([{ optional: true }, { optional: true }]);
  });
});

describe('a set whose faces should be compared', () => {
  const curator = createCurator();
  afterAll(() => curator.stop());

  it('is curated when that is impossible, and says why not', async () => {
    const photos = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (seed) => {
        const bytes = await jpegScene(seed);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return {
          id: `${seed}`,
          filename: `${seed}.jpg`,
          sha256,
          caption: null,
          override: null,
          read: async () => bytes,
        };
      }),
    );
    const kept: string[] = [];

    const { report } = await curator.curate({
      photos,
      options: resolveCurationOptions({ identityCheck: true }),
      training: { triggerWord: 'ohwx', resolutions: [512], divisor: 16 },
      cache: { get: async () => null, put: async (key) => void kept.push(key) },
      captioner: null,
    });

    // Nobody is on these pictures, so with the packages too there is nothing to compare.
    expect(report.warnings).toContainEqual(expect.stringMatching(/^The identity check did not run: i.*\d/));
    expect(report.photos.map(({ identityDistance }) => identityDistance)).toEqual(Array(6).fill(null));
    expect(report.kept).toBe(6);
    expect(kept.every((key) => /^(signals|people)-/.test(key))).toBe(true);
    // Two models are loaded; how long that takes is not what this is about.
  }, 120_000);
});

const installed = isInstalled('@vladmandic/face-api') && isInstalled('@tensorflow/tfjs');

describe.runIf(installed && existsSync(PHOTOS))('the optional packages of the identity check and real photos', () => {
  it('tell another person from one person', async () => {
    const loaded = await loadFaceDescriber();
    if (loaded.status !== 'ready') throw new Error(loaded.why);
    const { describer } = loaded;
    const read = (name: string) => readFileSync(join(PHOTOS, name));
    const mirrored = async (name: string) => await sharp(read(name)).flop().jpeg().toBuffer();
    const pictures = {
      one: read('human-author-1.jpg'),
      two: read('human-author-2.jpg'),
      three: read('human-author-3.jpg'),
      'one, mirrored': await mirrored('human-author-1.jpg'),
      'two, mirrored': await mirrored('human-author-2.jpg'),
      stranger: read('astronaut.png'),
      grass: read('grass.png'),
    };
    const descriptors = new Map<string, Float32Array>();
    for (const [name, bytes] of Object.entries(pictures)) {
      const descriptor = await describer.describe(await workingCopy(bytes));
      if (descriptor !== null) descriptors.set(name, descriptor);
    }

    const { distances } = compareFaces({ status: 'described', descriptors }, Object.keys(pictures));

    expect([...distances].filter(([, distance]) => distance > 0.6).map(([name]) => name)).toEqual(['stranger']);
    expect(distances.size).toBe(6);
    // What they use cannot reach the network.
    await expect(fetch('https://example.com/')).rejects.toThrow('nothing but the files of their package');
  });
});

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return false;
    throw error;
  }
}
