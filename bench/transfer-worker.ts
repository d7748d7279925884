/**
 * Runs transfers in a process of its own, as a worker does, and watches its memory. Controlled over IPC by
 * transfer-process.ts.
 */
import { copyVerified } from '../activities/verified-copy.ts';
import { readObject } from '../activities/dataset-manifest.ts';
import { createFilesystemStore } from '../providers/storage/filesystem.ts';
import type { ObjectStore } from '../providers/storage/object-store.ts';
import { createS3Store } from '../providers/storage/s3.ts';
import { createAiToolkitTrainer } from '../providers/trainers/ai-toolkit/trainer.ts';
import { recordRequests } from './recorded-requests.ts';
import type { RecordedRequest } from './recorded-requests.ts';
import type { Order, Outcome, PhotosOrder, StoreChoice } from './transfer-orders.ts';

const SAMPLE_EVERY_MS = 10;
const DATASET = 'ds_bench';
const trainer = createAiToolkitTrainer();
const { signal } = new AbortController();
let recorded: readonly RecordedRequest[] = [];

process.on('disconnect', () => process.exit(0));
process.on('message', (order: Order) => {
  void carryOut(order).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.send?.('ready');

async function carryOut(order: Order): Promise<Outcome> {
  const idleBytes = process.memoryUsage.rss();
  let peakBytes = idleBytes;
  const sampler = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), SAMPLE_EVERY_MS);
  const startedAt = performance.now();
  try {
    const sizeBytes = await perform(order);
    return { sizeBytes, ms: performance.now() - startedAt, idleBytes, peakBytes };
  } finally {
    clearInterval(sampler);
  }
}

async function perform(order: Order): Promise<number> {
  switch (order.kind) {
    case 'copy': {
      const { target, file, key } = order;
      // The file is asked for by its path: whose job wrote it does not matter.
      const job = trainer.at(target).job('');
      const stored = await copyVerified(openStore(order.store), { job, file, key, onBytes: () => {}, signal });
      return stored.sizeBytes;
    }
    case 'upload':
      return await upload(order);
    case 'record':
      recorded = await recordRequests(() => upload(order));
      return order.photos.length;
    case 'replay':
      for (const { url, init } of recorded) {
        const response = await fetch(url, init);
        await response.text();
        if (!response.ok) throw new Error(`A repeated request got HTTP ${response.status}`);
      }
      return order.sizeBytes;
  }
}

async function upload({ target, photos, store }: PhotosOrder): Promise<number> {
  const objects = openStore(store);
  await trainer.at(target).uploadDataset({
    datasetName: DATASET,
    photos: photos.map((photo) => ({
      ...photo,
      caption: 'ohwx',
      read: () => readObject(objects, photo.key, signal),
    })),
    from: 0,
    onProgress: () => {},
    signal,
  });
  return photos.reduce((sum, photo) => sum + photo.sizeBytes, 0);
}

function openStore(choice: StoreChoice): ObjectStore {
  if (choice.kind === 's3') return createS3Store(choice);
  return createFilesystemStore({
    root: choice.root,
    secret: 'a secret that no benchmark needs to keep',
    publicUrl: 'http://127.0.0.1',
  });
}
