/** What lies whole on a pod comes home at once, belongs together, and is the same to the byte. */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { optimizerFilename } from '../../core/checkpoint.ts';
import { podsOf, until } from './installation.ts';
import { attemptsOf, runsOf } from './resume-record.ts';
import { useInstallation } from './use-installation.ts';

const tempera = useInstallation({ cloud: { bookFiles: true } });
let datasetId: string;
beforeAll(async () => {
  datasetId = await tempera.dataset();
});

/** As if somebody had ended it in the vendor's console. */
async function endPod(id: string): Promise<void> {
  const pod = (await podsOf(tempera, id)).at(-1);
  const ended = await fetch(`${tempera.world.runpodUrl}/v2/pods/${pod!.id}`, {
    method: 'DELETE',
    headers: { authorization: 'Bearer emulated' },
  });
  expect(ended.status).toBe(204);
}

const checkpointsOf = (id: string) =>
  tempera.database.checkpoint.findMany({ where: { attempt: { loraModelId: id } }, orderBy: { filename: 'asc' } });

const isHome = (id: string, filename: string) =>
  until(async () => (await checkpointsOf(id)).some((row) => row.filename === filename));

describe('a save', () => {
  test('comes home soon after it lies whole on the pod, also from the second one on', async () => {
    // Slow enough that the watch looks while the row says 20 and the save is not made yet.
    await tempera.world.configure({ delaysMs: { step: 300 } });
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 23 });
    const id = await tempera.start({ datasetId, recipe: { steps: 30, checkpointInterval: 10 } });
    await isHome(id, optimizerFilename(20));
    await until(async () => (await tempera.training(id)).progress.step === 23);
    await tempera.world.configure({ delaysMs: { step: 0 } });
    await endPod(id);
    await tempera.handle(id).result();

    const [first, second] = await attemptsOf(tempera, id);
    expect(first).toMatchObject({ reason: 'POD_LOST', lastStep: 23 });
    expect(second).toMatchObject({ resumedFromStep: 20, resumedWith: 'restored', lostSteps: 3 });
    expect((await runsOf(tempera, id)).at(-1)).toMatchObject({ resumedFromStep: 20, optimizer: 'restored' });
  });

  test('is looked for a few times, not at every look', async () => {
    await tempera.world.configure({ delaysMs: { step: 100, save: 100 } });
    const before = (await tempera.book()).requests;
    const id = await tempera.start({ datasetId, recipe: { steps: 60, checkpointInterval: 10, sampleInterval: 0 } });
    await tempera.handle(id).result();
    const { requests } = await tempera.book();
    const asked = (route: string) => (requests[route] ?? 0) - (before[route] ?? 0);

    // Five saves: the list for the weights and for the optimizer, and the list for the final weights.
    expect(asked('GET proxy /api/jobs/{id}/files')).toBeLessThanOrEqual(5 * 4 + 1);
    expect(asked('GET proxy /api/jobs/{id}/log')).toBeLessThan(asked('GET proxy /api/jobs'));
  });

  test('never takes the optimizer of the final save for its own', async () => {
    // The trainer stands before its first step, then rushes to the last samples, which take for ever.
    await tempera.world.configure({ delaysMs: { step: 600_000 } });
    const id = await tempera.start({ datasetId, recipe: { steps: 60, checkpointInterval: 40, sampleInterval: 1_000 } });
    await until(async () => (await tempera.training(id)).phase === 'training');
    const trains = async () => JSON.stringify(await tempera.world.state()).includes('"info":"Training"');
    await until(trains);
    await tempera.world.configure({ delaysMs: { step: 0, sample: 600_000 } });
    await tempera.world.advance(600_000);
    await until(async () => (await checkpointsOf(id)).some((row) => row.step === 40));
    await until(async () => (await tempera.training(id)).progress.step === 60);
    await tempera.world.configure({ delaysMs: { sample: 0 } });
    await endPod(id);
    await tempera.handle(id).result();

    const run = (await runsOf(tempera, id)).at(-1);
    expect(run?.resumedFromStep).toBe(40);
    // A watch that was quick enough may even have met the right one.
    expect(['missing', 'restored']).toContain(run?.optimizer);
  });
});

describe('the bytes at home', () => {
  interface SavedFile {
    readonly path: string;
    readonly step: number;
    readonly sizeBytes: number;
    readonly sha256: string;
  }

  /** What the trainers of a training have written, by the emulator's reading of the pods' disks. */
  async function onPods(id: string): Promise<SavedFile[]> {
    return (await runsOf(tempera, id)).flatMap(({ files }) => files as readonly SavedFile[]);
  }

  async function atHome(key: string): Promise<{ sizeBytes: number; sha256: string }> {
    const object = await tempera.store.get(key);
    if (object === null) throw new Error(`no object ${key}`);
    const bytes = Buffer.concat(await object.body.toArray());
    return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  const nameOf = ({ path, step }: SavedFile): string => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return name === 'optimizer.pt' ? optimizerFilename(step) : name;
  };

  test.each([
    ['flux', 1],
    ['wan-2.2', 2],
  ] as const)('of %s are those on the pod: checkpoints, optimizers, samples and the LoRA', async (baseModel, parts) => {
    await tempera.world.addFault({ at: 'trainer', effect: 'hang', step: 55 });
    const id = await tempera.start({ datasetId, baseModel, recipe: { steps: 60, checkpointInterval: 20 } });
    await isHome(id, optimizerFilename(40));
    await until(async () => (await checkpointsOf(id)).filter(({ step }) => step === 40).length === parts + 1);
    const pod = new Map((await onPods(id)).map((file) => [nameOf(file), file]));
    for (const row of await checkpointsOf(id)) {
      const { sizeBytes, sha256 } = pod.get(row.filename)!;
      expect(await atHome(row.storageKey)).toEqual({ sizeBytes, sha256 });
      expect({ sizeBytes: Number(row.bytes), sha256: row.sha256 }).toEqual({ sizeBytes, sha256 });
    }
    await endPod(id);
    await tempera.handle(id).result();

    const written = await onPods(id);
    const row = await tempera.database.loraModel.findUniqueOrThrow({ where: { id } });
    const artifact = row.artifact as unknown as { files: { key: string }[] };
    const finals = written.filter(({ path }) => path.endsWith('.safetensors') && !/_\d{9}/.test(path));
    expect(artifact.files).toHaveLength(parts);
    expect(await Promise.all(artifact.files.map(({ key }) => atHome(key)))).toEqual(
      finals.map(({ sizeBytes, sha256 }) => ({ sizeBytes, sha256 })),
    );
    const samples = await tempera.database.sample.findMany({ where: { attempt: { loraModelId: id } } });
    expect(samples.length).toBeGreaterThan(0);
    for (const { step, promptIndex, storageKey } of samples) {
      const name = new RegExp(`__${String(step).padStart(9, '0')}_${promptIndex}\\.`);
      const hashes = written.filter(({ path }) => name.test(path)).map(({ sha256 }) => sha256);
      expect(hashes).toContain((await atHome(storageKey)).sha256);
    }
  });
});
