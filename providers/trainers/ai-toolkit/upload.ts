/** Photos and captions to the pod: requests far below the proxy's 100 MB and 100 s, a few at a time. */
import { atOnce } from '../../../core/at-once.ts';
import { TemperaError } from '../../../core/failure.ts';
import type { RestoredFile, TrainerSession, TrainingPhoto } from '../trainer.ts';
import type { TrainerClient } from './client.ts';
import { folderName } from './job-config.ts';
import { encodeForm, streamForm } from './multipart.ts';
import { readCreatedDataset, readImages, readUploaded } from './wire.ts';

/** The server holds a whole request in memory: 16 MB keeps that small and still saves round trips. */
const MAX_BATCH_BYTES = 16 * 1_024 * 1_024;
const MAX_BATCH_PHOTOS = 16;
/** As AI Toolkit's own UI does. */
const PARALLEL_REQUESTS = 3;

export interface UploadFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Dataset = Omit<Parameters<TrainerSession['uploadDataset']>[0], 'signal'>;

export async function uploadDataset(
  client: TrainerClient,
  { datasetName, photos, from, onProgress }: Dataset,
): Promise<void> {
  // `create` fails when the datasets folder itself is missing; `list` makes it.
  await client.get('/api/datasets/list');
  // A stable sort: a retry counts the photos in the same order.
  const ordered = photos.map((photo) => ({ photo, folder: folderName(datasetName, photo.folder ?? '') }));
  ordered.sort((a, b) => (a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : 0));
  const folders = [...new Set(ordered.map(({ folder }) => folder))];
  for (const folder of folders) await createFolder(client, folder);

  const all = batches(ordered.slice(from));
  const arrived = new Set<number>();
  // Batches arrive out of order; a retry continues after the last one before which nothing is missing.
  const report = () => {
    let uploaded = from;
    for (let index = 0; arrived.has(index); index += 1) uploaded += all[index]!.photos.length;
    onProgress(uploaded);
  };
  await atOnce(PARALLEL_REQUESTS, all, async (batch, index) => {
    const files: UploadFile[] = [];
    for (const photo of batch.photos) {
      files.push({ name: photo.filename, bytes: await photo.read() });
      files.push({ name: captionName(photo.filename), bytes: Buffer.from(photo.caption, 'utf8') });
    }
    await uploadFiles(client, batch.folder, files);
    arrived.add(index);
    report();
  });
  for (const folder of folders) {
    const due = ordered.filter((entry) => entry.folder === folder).map(({ photo }) => photo);
    await verify(client, folder, due);
  }
}

async function createFolder(client: TrainerClient, folder: string): Promise<void> {
  const { name } = readCreatedDataset(await client.post('/api/datasets/create', { name: folder }));
  if (name !== folder) throw new TemperaError('INTERNAL', 'The trainer changed the name of the dataset');
}

/**
 * Uploads files to a dataset's folder. The server answers with the names that it gave them; a different name would be a
 * different file.
 */
async function uploadFiles(client: TrainerClient, datasetName: string, files: readonly UploadFile[]): Promise<void> {
  const form = encodeForm([
    ...files.map((file) => ({ name: 'files', filename: file.name, bytes: file.bytes })),
    { name: 'datasetName', bytes: Buffer.from(datasetName) },
  ]);
  checkKept(await client.postForm('/api/datasets/upload', form), files);
}

/** Uploads one file to a dataset's folder while reading it. */
export async function uploadStream(client: TrainerClient, datasetName: string, file: RestoredFile): Promise<void> {
  const { filename, sizeBytes } = file;
  const source = await file.open();
  try {
    const fields = [{ name: 'datasetName', bytes: Buffer.from(datasetName) }];
    const form = streamForm(fields, { name: 'files', filename, sizeBytes, source });
    checkKept(await client.postStream('/api/datasets/upload', form), [{ name: filename }]);
  } finally {
    source.destroy();
  }
}

function checkKept(answer: unknown, files: readonly { readonly name: string }[]): void {
  const saved = new Set(readUploaded(answer).files);
  const lost = files.filter((file) => !saved.has(file.name));
  if (lost.length > 0) {
    throw new TemperaError(
      'PROVIDER_UNAVAILABLE',
      `The trainer did not keep ${lost.length} of ${files.length} uploaded files`,
    );
  }
}

/** The trainer only logs a missing photo and trains without it, so their number is checked here. */
async function verify(client: TrainerClient, datasetName: string, photos: readonly TrainingPhoto[]): Promise<void> {
  const { images } = readImages(await client.post('/api/datasets/listImages', { datasetName }));
  const present = new Set(images);
  const missing = photos.filter((photo) => !present.has(photo.filename));
  if (missing.length > 0) {
    throw new TemperaError(
      'PROVIDER_UNAVAILABLE',
      `${missing.length} of ${photos.length} photos did not arrive on the pod`,
    );
  }
}

function captionName(filename: string): string {
  return filename.replace(/\.[a-z]+$/, '.txt');
}

interface PlacedPhoto {
  readonly photo: TrainingPhoto;
  readonly folder: string;
}

interface Batch {
  readonly folder: string;
  readonly photos: TrainingPhoto[];
}

/** Splits files into requests of a reasonable size; one request goes to one folder. */
function batches(ordered: readonly PlacedPhoto[]): Batch[] {
  const all: Batch[] = [];
  let bytes = 0;
  for (const { photo, folder } of ordered) {
    const open = all.at(-1);
    const fits =
      open?.folder === folder && open.photos.length < MAX_BATCH_PHOTOS && bytes + photo.sizeBytes <= MAX_BATCH_BYTES;
    if (fits) open.photos.push(photo);
    else all.push({ folder, photos: [photo] });
    bytes = photo.sizeBytes + (fits ? bytes : 0);
  }
  return all;
}
