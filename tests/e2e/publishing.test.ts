/** From photos to a published LoRA: S3 and the Hub, each read back; a destination that fails takes nothing from the training. */
import { createHash } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestBucket, describeS3 } from '../support/s3.ts';
import { createInstallation } from './installation.ts';
import type { Installation } from './installation.ts';
import { useInstallation } from './use-installation.ts';

describe('the Hub', () => {
  const tempera = useInstallation({ namespaces: ['tempera-demo', 'somebody-else'] });
  let datasetId: string;
  beforeAll(async () => {
    datasetId = await tempera.dataset();
  });

  const onHub = (path: string, token = 'hf_emulated') =>
    fetch(`${tempera.world.hubUrl}${path}`, { headers: token === '' ? {} : { authorization: `Bearer ${token}` } });

  test('gets weights, samples and a model card in a private repository, tagged', async () => {
    const id = await tempera.start({ datasetId, destinations: [{ kind: 'huggingface', repo: 'tempera-demo/mia' }] });
    const result = await tempera.handle(id).result();
    const { artifact, publications } = await tempera.training(id);
    const weights = await onHub('/tempera-demo/mia/resolve/v1/mia.safetensors');
    const card = await (await onHub('/tempera-demo/mia/resolve/v1/README.md')).text();

    expect(result).toMatchObject({ publications: [{ status: 'published' }] });
    expect(publications).toMatchObject([
      { target: 'huggingface', location: 'tempera-demo/mia', status: 'published', sha256: artifact.files[0].sha256 },
    ]);
    expect(
      createHash('sha256')
        .update(Buffer.from(await weights.arrayBuffer()))
        .digest('hex'),
    ).toBe(artifact.files[0].sha256);
    expect(card).toContain('instance_prompt');
    expect(card).not.toContain('photo-1.jpg');
    expect((await onHub('/tempera-demo/mia/resolve/v1/mia.safetensors', '')).ok).toBe(false);
  });

  test('that fails for a while is tried again, and one that fails for good leaves the training ready', async () => {
    await tempera.world.addFault({ at: 'hub', effect: 'server-error', times: 2 });
    const healed = await tempera.start({
      datasetId,
      destinations: [{ kind: 'huggingface', repo: 'tempera-demo/healed' }],
    });
    await tempera.handle(healed).result();
    await tempera.world.addFault({ at: 'hub', effect: 'forbidden', times: 0 });
    const refused = await tempera.start({
      datasetId,
      destinations: [{ kind: 'huggingface', repo: 'somebody-else/mia' }],
    });
    await tempera.handle(refused).result();

    expect(await tempera.training(healed)).toMatchObject({ status: 'ready', publications: [{ status: 'published' }] });
    expect(await tempera.training(refused)).toMatchObject({
      status: 'ready',
      publications: [{ status: 'failed', reason: 'AUTH' }],
    });
    expect((await tempera.http.get(`/v1/trainings/${refused}/artifact`)).status).toBe(200);
    expect((await tempera.events(refused)).slice(-2)).toEqual(['training.publication_failed', 'training.ready']);
    expect(await tempera.events(healed)).not.toContain('training.publication_failed');
    expect((await tempera.http.get(`/v1/trainings/${refused}/events`)).body).toMatch(
      /event: training\.publication_failed\ndata: .*"reason":"AUTH".*"location":"somebody-else\/mia"/,
    );
  });

  test('keeps the repository of one user from another who names it', async () => {
    const destinations = [{ kind: 'huggingface', repo: 'tempera-demo/ours' }];
    const first = await tempera.start({ datasetId, characterId: 'mia', destinations });
    await tempera.handle(first).result();
    const before = (await tempera.book()).hubCommits.filter(({ repo }: { repo: string }) => repo.endsWith('/ours'));

    const eve = await tempera.newClient(`eve-${tempera.environment}`);
    const second = await tempera.start({
      datasetId: await tempera.dataset(6, {}, eve),
      characterId: 'mia',
      destinations,
      as: eve,
    });
    await tempera.handle(second).result();

    const after = (await tempera.book()).hubCommits.filter(({ repo }: { repo: string }) => repo.endsWith('/ours'));
    expect(after).toEqual(before);
    expect((await eve.get(`/v1/trainings/${second}`)).body).toMatchObject({
      status: 'ready',
      publications: [{ status: 'failed', reason: 'PUBLISH_FAILED', url: null, revision: null }],
    });
  });
});

describeS3('S3', () => {
  let bucket: Awaited<ReturnType<typeof createTestBucket>>;
  let tempera: Installation;
  let datasetId: string;
  beforeAll(async () => {
    bucket = await createTestBucket();
    tempera = await createInstallation({ publishS3: bucket });
    datasetId = await tempera.dataset();
  });
  afterAll(async () => {
    await tempera.close();
    bucket.client.destroy();
  });

  const object = async (key: string) => {
    const { Body, Metadata } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key: key }));
    return {
      sha256: createHash('sha256')
        .update(await Body!.transformToByteArray())
        .digest('hex'),
      metadata: Metadata,
    };
  };

  test('gets the LoRA under the character’s key, and the next training of the character takes its place', async () => {
    const first = await tempera.start({ datasetId, characterId: 'mia-7', destinations: [{ kind: 's3' }] });
    await tempera.handle(first).result();
    const before = await object('lora/mia-7.safetensors');
    const second = await tempera.start({
      datasetId,
      characterId: 'mia-7',
      recipe: { steps: 30 },
      destinations: [{ kind: 's3' }],
    });
    await tempera.handle(second).result();
    const after = await object('lora/mia-7.safetensors');

    const [one, two] = [await tempera.training(first), await tempera.training(second)];
    expect(before.sha256).toBe(one.artifact.files[0].sha256);
    expect(after.sha256).toBe(two.artifact.files[0].sha256);
    expect(two.publications).toMatchObject([
      { status: 'published', url: `s3://${bucket.bucket}/lora/mia-7.safetensors` },
    ]);
    expect((await tempera.http.get(`/lora/training/${second}/status`)).body).toMatchObject({
      status: 'ready',
      modelUrl: `s3://${bucket.bucket}/lora/mia-7.safetensors`,
    });
  });

  test('takes both files of Wan 2.2', async () => {
    const id = await tempera.start({
      datasetId,
      baseModel: 'wan-2.2',
      characterId: 'wan',
      destinations: [{ kind: 's3' }],
    });
    await tempera.handle(id).result();
    const { artifact } = await tempera.training(id);

    expect((await object('lora/wan-high-noise.safetensors')).sha256).toBe(artifact.files[0].sha256);
    expect((await object('lora/wan-low-noise.safetensors')).sha256).toBe(artifact.files[1].sha256);
  });
});
