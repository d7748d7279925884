/** A local stack of its own for a benchmark: production's processes, a temporary home, free ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { createApiClient } from '../dev/api-client.ts';
import { startStack } from '../dev/stack.ts';
import type { StackOptions, WorkerProcess } from '../dev/stack.ts';
import { openWorld } from '../emulator/client.ts';
import type { EmulatedWorld } from '../emulator/client.ts';
import type { DrawnPhoto } from './photos.ts';

/** Now and then curation drops a photo of a drawn set, because a fold of the coat looks like a second face. */
const FEWEST_PHOTOS = 4;

export interface BenchStack {
  readonly api: ReturnType<typeof createApiClient>;
  readonly temporal: Client;
  readonly world: EmulatedWorld;
  /** Uploads photos and makes a dataset of them; returns its id. */
  addDataset(photos: readonly DrawnPhoto[]): Promise<string>;
  readonly databaseUrl: string;
  readonly workers: readonly WorkerProcess[];
  readonly broken: Promise<string>;
  stop(): Promise<void>;
}

/** Starts everything. Refuses a real RunPod key: pods would cost money. */
export async function startBenchStack(
  log: (line: string) => void,
  options: Pick<StackOptions, 'workerRoles'> = {},
): Promise<BenchStack> {
  if (process.env['RUNPOD_API_KEY'])
    throw new Error('RUNPOD_API_KEY is set: the benchmark would rent real pods. Unset it.');
  const home = await mkdtemp(join(tmpdir(), 'tempera-bench-'));
  const removeHome = () => rm(home, { recursive: true, force: true, maxRetries: 5 });
  try {
    const stack = await startStack({ home, log, ...options });
    const connection = await Connection.connect({ address: stack.temporal.address });
    let broken = false;
    void stack.broken.then(() => (broken = true));
    const stop = async () => {
      await connection.close();
      await stack.stop();
      // The error of a part that broke names its log.
      if (!broken) await removeHome();
    };
    try {
      const api = createApiClient(stack.apiUrl, stack.apiKeyFile);
      return {
        api,
        temporal: new Client({ connection, namespace: stack.temporal.namespace }),
        world: openWorld(`${stack.emulatorUrl}/w/dev`),
        async addDataset(photos) {
          const { images } = await api.uploadPhotos(photos);
          const ids = images.map(({ id }) => id);
          return (await api.createDataset('bench', ids, { curation: { minPhotos: FEWEST_PHOTOS } })).id;
        },
        databaseUrl: stack.databaseUrl,
        workers: stack.workers,
        broken: stack.broken,
        stop,
      };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await removeHome();
    throw error;
  }
}
