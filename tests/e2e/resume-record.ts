/** What became of a training's attempts, by the trainer's own book and by our record. */
import { createHash } from 'node:crypto';
import type { TrainingEntry } from '../../emulator/client.ts';
import { podsOf } from './installation.ts';
import type { Installation } from './installation.ts';

/** The trainer's own runs of a training, in order: what each went on from, and with which optimizer. */
export async function runsOf(tempera: Installation, id: string): Promise<TrainingEntry[]> {
  const pods = new Set((await podsOf(tempera, id)).map((pod: { id: string }) => pod.id));
  const { trainings } = await tempera.world.book();
  return trainings.filter(({ podId }) => pods.has(podId));
}

/** The rows of a training's attempts, in order. */
export async function attemptsOf(tempera: Installation, id: string) {
  return tempera.database.trainingAttempt.findMany({ where: { loraModelId: id }, orderBy: { number: 'asc' } });
}

/** SHA-256 over the tensors of the final file, names, kinds, shapes and all bytes; its metadata names the job and is left out. */
export async function tensorHash(tempera: Installation, id: string): Promise<string> {
  const training = await tempera.database.loraModel.findUniqueOrThrow({ where: { id } });
  const { files } = training.artifact as unknown as { files: { key: string }[] };
  const object = await tempera.store.get(files[0]!.key);
  const bytes = Buffer.concat(await object!.body.toArray());
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: _, ...tensors } = JSON.parse(bytes.toString('utf8', 8, end)) as Record<string, unknown>;
  if (Object.keys(tensors).length === 0) throw new Error('the file has no tensors');
  return createHash('sha256').update(JSON.stringify(tensors)).update(bytes.subarray(end)).digest('hex');
}
