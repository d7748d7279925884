import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { Checkpoints } from './checkpoints.ts';
import { photosOf } from './datasets.ts';
import { ConfigError, parseTrainerConfig } from './trainer-config.ts';
import { TrainerError, TrainerStopped, gatedText, texts } from './trainer-errors.ts';
import { trainSteps } from './training-loop.ts';
import type { Fault } from '../core/faults.ts';
import type { Job } from './job.ts';
import type { Toolkit } from './toolkit.ts';
import type { TrainerConfig } from './trainer-config.ts';
import type { Exit } from './worker.ts';

/** What the phases of one trainer process share. */
export interface Run {
  toolkit: Toolkit;
  job: Job;
  config: TrainerConfig;
  /** The trainer's own save root; differs from what the UI reads when `config.name` is not the job's name. */
  folder: string;
  checkpoints: Checkpoints;
  photos: string[];
  fault: Fault | undefined;
  lastSavedStep: number;
  signal: AbortSignal;
  log: (text: string) => Promise<void>;
  /** Writes status and info the way the trainer does: raw, without moving `updated_at`. */
  report: (info: string, step?: number) => void;
  sleep: (delayMs: number) => Promise<void>;
}

/** `run.py` on one job: loads, trains, saves; answers how the process ended (ostris/ai-toolkit@27a03a91, DiffusionTrainer.py). */
export async function runTrainer(params: {
  toolkit: Toolkit;
  job: Job;
  config: unknown;
  signal: AbortSignal;
}): Promise<Exit> {
  const { toolkit, job, signal } = params;
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
    fault: toolkit.options.takeFault(job.name),
    lastSavedStep: 0,
    signal,
    log,
    report: (info, step) => {
      if (!config.reportsProgress) return;
      Object.assign(job, { status: 'running', info, ...(step !== undefined && { step }) });
    },
    sleep: (delayMs) => toolkit.options.clock.sleep(delayMs, signal),
  };
  try {
    await load(run);
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
  // SIGINT, a flag and an exception all put the step back to the last save.
  if (config.reportsProgress) job.step = run.lastSavedStep;
  if (signal.aborted) return { code: 0 };
  if (error instanceof TrainerStopped) return { code: 1 };
  if (!(error instanceof TrainerError)) throw error;
  if (config.reportsProgress) Object.assign(job, { status: 'error', info: error.message });
  await run.log(`\nError running job: ${error.message}\n${traceback('RuntimeError', error.message)}`);
  return { code: 1 };
}

async function load(run: Run): Promise<void> {
  const { toolkit, config, fault } = run;
  const delays = toolkit.options.config().delaysMs;
  run.report('Starting');
  await mkdir(toolkit.disk.real(run.folder), { recursive: true });
  await writeFile(toolkit.disk.real(`${run.folder}/config.yaml`), `# emulated; name: ${config.name}\n`);
  run.report('Loading model');
  await run.sleep(delays.modelLoad);
  if (toolkit.options.config().gated.includes(config.baseModel)) {
    throw new TrainerError(
      gatedText(config.baseModel, Boolean(toolkit.settings.get('HF_TOKEN') || toolkit.options.env['HF_TOKEN'])),
    );
  }
  if (fault?.effect === 'oom' && fault.step === undefined)
    throw new TrainerError(fault.detail ?? texts.oomWhileLoading);

  const newest = await run.checkpoints.newest().catch((error: Error) => {
    throw new TrainerError(error.message);
  });
  if (newest !== undefined) {
    await run.log(`#### IMPORTANT RESUMING FROM ${newest.path}\n`);
    run.lastSavedStep = newest.step;
  }
  run.report('Loading dataset');
  await run.sleep(delays.datasetLoad);
  run.photos = await loadPhotos(run);
}

async function loadPhotos(run: Run): Promise<string[]> {
  const photos: string[] = [];
  for (const { folder_path: folder } of run.config.datasets) {
    const real = run.toolkit.disk.real(folder);
    const found = await photosOf(real).catch(() => {
      throw new TrainerError(`[Errno 2] No such file or directory: '${folder}'`);
    });
    if (found.length === 0) throw new TrainerError(`no images found in ${folder}`);
    await run.log(`Dataset: ${folder}\n  -  Found ${found.length} images\n`);
    photos.push(...found.map((name) => `${real}/${name}`));
  }
  if (photos.length === 0) throw new TrainerError('No datasets specified in config');
  return photos;
}

function traceback(type: string, message: string): string {
  return `Traceback (most recent call last):\n  File "/app/ai-toolkit/run.py", line 120, in <module>\n    main()\n${type}: ${message}\n`;
}
