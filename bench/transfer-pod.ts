import type { JobFile } from '../providers/backends/job.ts';
import type { TrainerTarget } from '../providers/trainers/trainer.ts';
import { resolveRecipe } from '../core/recipe.ts';
import { NO_DELAYS, openWorld } from '../emulator/client.ts';
import { createRunpodCompute } from '../providers/compute/runpod/compute.ts';
import { createAiToolkitTrainer } from '../providers/trainers/ai-toolkit/trainer.ts';

export interface TrainedPod {
  readonly target: TrainerTarget;
  readonly lora: JobFile;
}

const PASSWORD = 'bench-password';
const CREATE_TIMEOUT_MS = 10_000;

/** Rents an emulated pod through our own clients and has it "train" until a LoRA of this size lies on its disk. */
export async function trainOnPod(emulatorUrl: string, loraBytes: number, signal: AbortSignal): Promise<TrainedPod> {
  const world = openWorld(`${emulatorUrl}/w/bench`);
  await world.configure({ rateLimit: null, loraBytes, delaysMs: NO_DELAYS });
  const compute = createRunpodCompute({
    apiKey: 'emulated',
    apiUrl: world.runpodUrl,
    proxyTemplate: world.proxyTemplate,
  });
  const trainer = createAiToolkitTrainer();
  const created = await compute.create(
    {
      name: 'tempera-bench-a1p1',
      image: 'ostris/aitoolkit:0.12.26',
      diskGb: 60,
      httpPorts: [trainer.port],
      env: trainer.environment({ password: PASSWORD, gatedModel: false }),
      minCudaVersion: '13.0',
    },
    { gpu: 'NVIDIA GeForce RTX 4090', cloud: 'secure', dataCenters: [], hourlyMicroUsd: 0, vramGb: 24 },
    CREATE_TIMEOUT_MS,
  );
  if (created.status !== 'created') throw new Error(`The emulated pod was not created: ${created.message}`);
  const target = { baseUrl: compute.portUrl(created.pod.id, trainer.port), password: PASSWORD };
  await until(async () => (await trainer.at(target).probe(signal)).ready, signal);

  const photo = Buffer.from('stands for a photo');
  const photos = [{ filename: '0001.jpg', caption: 'ohwx', sizeBytes: photo.byteLength, read: async () => photo }];
  await trainer.at(target).uploadDataset({ datasetName: 'ds_train', photos, from: 0, onProgress: () => {}, signal });
  const recipe = resolveRecipe('flux', 'ohwx', { steps: 10, checkpointInterval: 10, sampleCount: 1 });
  const jobId = await trainer.at(target).start({ jobName: 'lora_bench', datasetName: 'ds_train', recipe }, signal);
  await until(async () => {
    const { state, info } = await trainer.at(target).job(jobId).observe(signal);
    if (state === 'failed') throw new Error(`The emulated training failed: ${info}`);
    return state === 'completed';
  }, signal);
  const lora = (await trainer.at(target).job(jobId).files(signal)).find((file) => file.step === null);
  if (!lora) throw new Error('The emulated training left no LoRA');
  return { target, lora };
}

async function until(condition: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await condition())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
