import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { median, table } from './statistics.ts';
import type { Target } from './statistics.ts';
import { rate } from './transfer-lora.ts';
import type { PhotosOrder } from './transfer-orders.ts';
import type { TrainedPod } from './transfer-pod.ts';
import { startTransferProcess } from './transfer-process.ts';

const PHOTOS = 200;
const PHOTO_BYTES = 2_000_000;
const LEAST_RATIO = 0.8;

interface PhotosParams {
  readonly pod: TrainedPod;
  readonly dir: string;
  readonly rounds: number;
  readonly tell: (line: string) => void;
}

/** Our upload of a dataset against a bare loop over the very same requests, their bodies ready in memory. */
export async function measurePhotos({ pod, dir, rounds, tell }: PhotosParams) {
  const order: PhotosOrder = {
    target: pod.target,
    store: { kind: 'filesystem', root: join(dir, 'photos') },
    photos: await writePhotos(join(dir, 'photos')),
  };
  const sizeBytes = PHOTOS * PHOTO_BYTES;
  const [ours, bare] = await Promise.all([startTransferProcess(), startTransferProcess()]);
  const done: { bare: number; ours: number }[] = [];
  try {
    await bare.carryOut({ kind: 'record', ...order });
    await ours.carryOut({ kind: 'upload', ...order });
    for (let round = 0; round < rounds; round += 1) {
      const loop = await bare.carryOut({ kind: 'replay', sizeBytes });
      const upload = await ours.carryOut({ kind: 'upload', ...order });
      done.push({ bare: rate(sizeBytes, loop.ms), ours: rate(sizeBytes, upload.ms) });
    }
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
  }
  tell(`\n${PHOTOS} photos of ${PHOTO_BYTES / 1e6} MB to a pod, MB/s`);
  tell(
    table([
      ['', 'bare loop', 'ours', 'ratio'],
      ...done.map(({ bare: loop, ours: own }, round) => [
        `round ${round + 1}`,
        loop.toFixed(0),
        own.toFixed(0),
        (own / loop).toFixed(2),
      ]),
    ]),
  );
  const target: Target = {
    name: "photos to a pod, of the bare loop's throughput",
    unit: 'ratio',
    kind: 'at least',
    limit: LEAST_RATIO,
    measured: median(done.map((one) => one.ours / one.bare)),
  };
  return { target, figures: { rounds: done } };
}

async function writePhotos(root: string): Promise<PhotosOrder['photos']> {
  await mkdir(root, { recursive: true });
  const bytes = randomBytes(PHOTO_BYTES);
  const photos: PhotosOrder['photos'][number][] = [];
  for (let number = 1; number <= PHOTOS; number += 1) {
    const filename = `${String(number).padStart(4, '0')}.jpg`;
    await writeFile(join(root, filename), bytes);
    photos.push({ filename, key: filename, sizeBytes: PHOTO_BYTES });
  }
  return photos;
}
