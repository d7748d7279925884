/** The worker's composition root: the only place that builds its clients. */
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { Settings } from '../config/env.ts';
import { SettingsError } from '../config/env.ts';
import { createDatabase } from '../prisma/client.ts';
import { databaseTrouble } from '../prisma/trouble.ts';
import { createRepositories } from '../prisma/repositories/index.ts';
import { createCaptioner } from '../providers/captioning/registry.ts';
import { createRunpodCompute } from '../providers/compute/runpod/compute.ts';
import { createPodSecrets } from '../providers/pod-secrets.ts';
import { createPublishers } from '../providers/publishing/registry.ts';
import { createObjectStore } from '../providers/storage/registry.ts';
import { createAiToolkitTrainer } from '../providers/trainers/ai-toolkit/trainer.ts';
import { createLazyCurator } from './lazy-curator.ts';
import { createWorkflowDirectory } from './workflow-directory.ts';

export interface WorkerDependencies {
  readonly activities: ActivityDependencies;
  /** What of database and object store cannot be used, a sentence each. */
  troubles(): Promise<string[]>;
  close(): Promise<void>;
}

/** Throws SettingsError without a key of the vendor. */
export function createDependencies(settings: Settings, client: Client): WorkerDependencies {
  const { runpod, huggingFace } = settings;
  if (runpod.apiKey === undefined) throw new SettingsError(['RUNPOD_API_KEY is not set']);
  const database = createDatabase({ url: settings.databaseUrl });
  const repositories = createRepositories(database);
  const store = createObjectStore(settings);
  const curator = createLazyCurator();
  return {
    activities: {
      repositories,
      store,
      curator,
      captioner: createCaptioner(settings),
      compute: createRunpodCompute({
        apiKey: runpod.apiKey,
        apiUrl: runpod.apiUrl,
        proxyTemplate: runpod.proxyTemplate,
      }),
      trainer: createAiToolkitTrainer({ huggingFaceToken: huggingFace.token }),
      publishers: createPublishers({ ...settings, temporaryDirectory: join(settings.home, 'tmp') }),
      secrets: createPodSecrets(settings.secret),
      workflows: createWorkflowDirectory(client, settings.taskQueuePrefix),
      limits: settings.limits,
      environment: settings.environment,
      pod: { image: runpod.image, diskGb: runpod.diskGb },
      keepCheckpoints: settings.keepCheckpoints,
    },
    async troubles() {
      const troubles = await Promise.all([
        repositories.health.checkTables().then(
          () => null,
          (error: unknown) => databaseTrouble(error)?.why ?? `the database cannot be used (${(error as Error).name})`,
        ),
        store.ping().then(
          () => null,
          (error: unknown) => (error as Error).message,
        ),
      ]);
      return troubles.filter((trouble) => trouble !== null);
    },
    async close() {
      await curator.stop();
      await database.$disconnect();
    },
  };
}
