/** Overrides and reports of curation in the database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOpeningLog } from '../../activities/opening-log.ts';
import { createDatabase } from '../../prisma/client.ts';
import type { Database } from '../../prisma/client.ts';
import { datasetToCurate } from '../../prisma/repositories/curation.ts';
import { findReport, saveCurationReport } from '../../prisma/repositories/curation-reports.ts';
import { changeCurationOptions } from '../../prisma/repositories/datasets.ts';
import { addOverride, latestOverride, latestOverrides, listOverrides } from '../../prisma/repositories/overrides.ts';
import { createRepositories } from '../../prisma/repositories/index.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let testDatabase: TestDatabase;
let database: Database;
let userId: string;
let datasetId: string;
const hash = (letter: string) => letter.repeat(64);
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase({ url: testDatabase.url, poolSize: 10 });
  ({ id: userId } = await database.user.create({ data: { email: 'curation@example.org' } }));
  const image = { userId, filename: 'a.jpg', mimeType: 'image/jpeg', bytes: 1, width: 1, height: 1 };
  const items = await Promise.all(
    ['a', 'b'].map((letter) =>
      database.trainingImage.create({ data: { ...image, sha256: hash(letter), storageKey: `images/${letter}` } }),
    ),
  );
  const dataset = await database.dataset.create({
    data: {
      userId,
      name: 'photos',
      items: { create: items.map(({ id }, position) => ({ imageId: id, position })) },
    },
  });
  datasetId = dataset.id;
});
afterAll(async () => {
  await database.$disconnect();
  await testDatabase.drop();
});

const NOTHING = { decision: null, framing: null, caption: null, why: null } as const;

describe('overrides', () => {
  test('are only added: the latest of a photo counts, and one of nulls takes it back', async () => {
    const say = (letter: string, over: Partial<Parameters<typeof addOverride>[1]>) =>
      addOverride(database, { datasetId, sha256: hash(letter), ...NOTHING, by: 'ada', ...over });
    await say('a', { decision: 'exclude' });
    await say('b', { caption: 'ohwx' });
    await say('a', { framing: 'full', why: 'feet' });
    const both = await latestOverrides(database, datasetId);
    await say('b', {});
    const { photos } = (await datasetToCurate(database, datasetId))!;

    expect(Object.fromEntries(both)).toEqual({
      [hash('a')]: { decision: null, framing: 'full', caption: null, by: 'ada', why: 'feet' },
      [hash('b')]: { decision: null, framing: null, caption: 'ohwx', by: 'ada', why: null },
    });
    expect(photos.map(({ override }) => override?.framing ?? null)).toEqual(['full', null]);
    expect(photos[1]!.override).toBeNull();
    expect(await latestOverride(database, datasetId, hash('b'))).toBeNull();
    expect(await listOverrides(database, { datasetId, before: undefined, limit: 10 })).toHaveLength(4);
  });

  test('name a photo by its hash', async () => {
    await expect(addOverride(database, { datasetId, sha256: 'short', ...NOTHING, by: 'ada' })).rejects.toThrow(
      /photo_overrides_sha256/,
    );
  });
});

describe('reports', () => {
  const save = (version: string, over: Partial<Parameters<typeof saveCurationReport>[1]> = {}) =>
    saveCurationReport(database, {
      datasetId,
      version,
      verdict: 'pass',
      kept: 5,
      reserved: 1,
      dropped: 2,
      report: {},
      manifestKey: null,
      htmlKey: 'report.html',
      contactSheetKey: 'contact-sheet.png',
      ...over,
    });

  test('the one that was made last is the latest, also when it was made before', async () => {
    await save(hash('1'));
    await save(hash('2'));
    const second = await findReport(database, datasetId, undefined);
    await save(hash('1'));
    const first = await findReport(database, datasetId, undefined);

    expect([second?.version, first?.version]).toEqual([hash('2'), hash('1')]);
    expect((await findReport(database, datasetId, hash('2')))?.version).toBe(hash('2'));
    expect(await findReport(database, datasetId, hash('3'))).toBeNull();
  });

  test('a check does not forget what a training has written', async () => {
    await save(hash('4'), { manifestKey: 'manifest.json' });
    await save(hash('4'), { verdict: 'warnings' });

    expect(await findReport(database, datasetId, hash('4'))).toMatchObject({
      manifestKey: 'manifest.json',
      verdict: 'warnings',
    });
  });
});

test('of many changes of options at once none is lost', async () => {
  const changes = [{ minPhotos: 3 }, { maxPhotos: 20 }, { similarKept: 2 }, { subjectKind: 'style' }] as const;
  await Promise.all(
    changes.map((change) => changeCurationOptions(database, userId, datasetId, (stored) => ({ ...stored, ...change }))),
  );

  expect((await datasetToCurate(database, datasetId))!.options).toEqual(Object.assign({}, ...changes));
  expect(await changeCurationOptions(database, datasetId, datasetId, () => ({}))).toBe(false);
});

describe('a photo that is being opened', () => {
  const log = () => createOpeningLog(createRepositories(database));

  test('is no suspect for others in the same process, which is alive', async () => {
    const first = await log().begin(hash('c'));
    const second = await log().begin(hash('c'));
    await first.end();
    await second.end();

    expect([first.isSuspect, second.isSuspect]).toEqual([false, false]);
    expect(await database.photoOpening.count({ where: { sha256: hash('c') } })).toBe(0);
  });

  test('is one once it was left behind, and for another process', async () => {
    const left = await log().begin(hash('d'));
    left.leaveBehind();
    await createRepositories(database).photos.beginPhotoOpening(hash('e'), []);

    expect((await log().begin(hash('d'))).isSuspect).toBe(true);
    expect((await log().begin(hash('e'))).isSuspect).toBe(true);
  });
});
