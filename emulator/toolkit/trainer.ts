import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { hashSeed } from '../core/random.ts';
import { Checkpoints } from './checkpoints.ts';
import { hashPhotos } from './hash-photos.ts';
import { Learner } from './learner.ts';
import { loadOptimizer } from './load-optimizer.ts';
import { photosOf } from './photos.ts';
import { strike } from './strike.ts';
import { ConfigError, parseTrainerConfig } from './trainer-config.ts';
import { Interrupted, TrainerError, TrainerStopped, gatedText } from './trainer-errors.ts';
import { trainSteps } from './training-loop.ts';
import type { TrainingEntry } from '../core/book.ts';
import type { Job } from './job.ts';
import type { Exit, Run } from './run.ts';
import type { Toolkit } from './state.ts';
import type { TrainerConfig } from './trainer-config.ts';

/**
 * `run.py` on one job: loads, trains, saves; returns how the process ended (ostris/ai-toolkit@27a03a91,
 * DiffusionTrainer.py).
 */
export async function runTrainer(params: {
  toolkit: Toolkit;
  job: Job;
  config: unknown;
  entry: TrainingEntry;
  signal: AbortSignal;
}): Promise<Exit> {
  const { toolkit, job, entry, signal } = params;
  const logPath = toolkit.disk.real(`${toolkit.jobFolder(job.name)}/log.txt`);
  const log = async (text: string): Promise<void> => appendFile(logPath, text).catch(() => undefined); // A deleted job folder loses its log.
  const env = { ...toolkit.options.env, AITK_JOB_ID: job.id, CUDA_VISIBLE_DEVICES: job.gpu_ids, IS_AI_TOOLKIT_UI: '1' };
  await log('Running 1 job\n');

  let config: TrainerConfig;
  try {
    config = parseTrainerConfig(params.config, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // No trainer object yet: the row only learns of it through the worker.
    await log(traceback('ValueError', error.message));
    return { code: 1 };
  }
  const folder = `${config.trainingFolder}/${config.name}`;
  const checkpoints = new Checkpoints({ disk: toolkit.disk, folder, config });
  const run: Run = {
    toolkit,
    job,
    config,
    folder,
    checkpoints,
    photos: [],
    faults: toolkit.options.takeFaults(job.name),
    learner: new Learner(),
    lastSavedStep: 0,
    entry,
    signal,
    log,
    report: (info, step) => {
      if (!config.reportsProgress) return;
      Object.assign(job, { status: 'running', info, ...(step !== undefined && { step }) });
    },
    sleep: (delayMs) => toolkit.options.clock.sleep(delayMs, signal),
  };
  try {
    const early = await load(run);
    if (early !== 'loaded') return early;
    const exit = await trainSteps(run);
    if (exit !== 'done') return exit;
    if (config.reportsProgress)
      Object.assign(job, { status: 'completed', info: 'Training completed', step: config.steps });
    return { code: 0 };
  } catch (error) {
    return end(run, error);
  }
}

async function end(run: Run, error: unknown): Promise<Exit> {
  const { job, config, signal } = run;
  // SIGINT, a flag and an exception all put the step back to the last save; a container that ends writes nothing.
  const isKilled = signal.aborted && !(signal.reason instanceof Interrupted);
  if (config.reportsProgress && !isKilled) job.step = run.lastSavedStep;
  if (signal.aborted) return { code: 0 };
  if (error instanceof TrainerStopped) return { code: 1 };
  if (!(error instanceof TrainerError)) throw error;
  if (config.reportsProgress) Object.assign(job, { status: 'error', info: error.message });
  await run.log(`\nError running job: ${error.message}\n${traceback('RuntimeError', error.message)}`);
  return { code: 1 };
}

/** Everything before the first step; returns how the process ended if it ended here. */
async function load(run: Run): Promise<Exit | 'loaded'> {
  const { toolkit, config, faults } = run;
  const { seed, delaysMs, gated } = toolkit.options.config();
  run.report('Starting');
  await mkdir(toolkit.disk.real(run.folder), { recursive: true });
  await writeFile(toolkit.disk.real(`${run.folder}/config.yaml`), `# emulated; name: ${config.name}\n`);
  run.report('Loading model');
  await run.sleep(delaysMs.modelLoad);
  if (gated.includes(config.baseModel)) {
    throw new TrainerError(
      gatedText(config.baseModel, Boolean(toolkit.settings.get('HF_TOKEN') || toolkit.options.env['HF_TOKEN'])),
    );
  }
  if (faults.strike !== undefined && faults.strike.step === undefined && isSudden(faults.strike.effect))
    return strike(run, faults.strike);

  const newest = await run.checkpoints.newest().catch((error: Error) => {
    throw new TrainerError(error.message);
  });
  if (newest !== undefined) {
    const { path, step } = newest;
    await run.log(`#### IMPORTANT RESUMING FROM ${path} ####\nLoading from ${path}\n`);
    await run.log(`Found step ${step} in metadata, starting from there\n`);
    run.lastSavedStep = step;
    Object.assign(run.entry, { resumedFromStep: step, lastStep: step });
  }
  run.learner = new Learner(newest?.learned);
  await loadOptimizer(run);
  run.report('Loading dataset');
  await run.sleep(delaysMs.datasetLoad);
  const { photos, hash } = await loadPhotos(run);
  run.photos = photos;
  run.learner.study(hashSeed(seed, config.recipe, hash));
  return 'loaded';
}

/** Spoilt files do not end the process. */
function isSudden(effect: string): boolean {
  return effect !== 'corrupt-file' && effect !== 'truncate-file';
}

async function loadPhotos(run: Run): Promise<{ photos: string[]; hash: string }> {
  const photos: string[] = [];
  const hashes: string[] = [];
  for (const { folder_path: folder, caption_ext: captionExt = 'txt' } of run.config.datasets) {
    const real = run.toolkit.disk.real(folder);
    const found = await photosOf(real).catch(() => {
      throw new TrainerError(`[Errno 2] No such file or directory: '${folder}'`);
    });
    if (found.length === 0) throw new TrainerError(`no images found in ${folder}`);
    await run.log(`Dataset: ${folder}\n  -  Found ${found.length} images\n`);
    const paths = found.map((name) => `${real}/${name}`);
    photos.push(...paths);
    hashes.push(await hashPhotos(paths, captionExt));
  }
  if (photos.length === 0) throw new TrainerError('No datasets specified in config');
  return { photos, hash: hashes.join() };
}

function traceback(type: string, message: string): string {
  return `Traceback (most recent call last):\n  File "/app/ai-toolkit/run.py", line 120, in <module>\n    main()\n${type}: ${message}\n`;
}
