import { hashSeed } from '../core/random.ts';
import { writeSample } from './samples.ts';
import { TrainerError, TrainerStopped, texts } from './trainer-errors.ts';
import type { Fault } from '../core/faults.ts';
import type { Run } from './trainer.ts';
import type { Exit } from './worker.ts';

/** Walks from the resumed step to the end; several steps at a time when they are shorter than a timer can be. */
export async function trainSteps(run: Run): Promise<Exit | 'done'> {
  const { toolkit, job, config, fault } = run;
  const { clock } = toolkit.options;
  const start = run.lastSavedStep;
  if (config.usesLossLog || config.reportsProgress) {
    toolkit.losses.open(run.folder, {
      seed: hashSeed(toolkit.options.config().seed, config.name),
      learningRate: config.learningRate,
      step: start,
    });
  }
  if (start === 0 && !config.skipFirstSample) await sampleAll(run, 0);
  run.report('Training', start);
  const podFate = toolkit.options.fates.find(
    (fate) => (fate.effect === 'vanish' || fate.effect === 'container-restart') && fate.step !== undefined,
  );
  const strikes = [fault, podFate].filter(
    (strike): strike is Fault =>
      strike?.step !== undefined && strike.effect !== 'corrupt-file' && strike.effect !== 'truncate-file',
  );

  let step = start;
  let markMs = clock.now();
  while (step < config.steps) {
    const boundary = nextBoundary(run, step, strikes);
    const stepMs = clock.scale(toolkit.options.config().delaysMs.step);
    await clock.sleepReal(Math.min(stepMs, markMs + stepMs - clock.now()), run.signal);
    const next =
      stepMs === 0 ? boundary : Math.min(boundary, step + Math.max(1, Math.floor((clock.now() - markMs) / stepMs)));
    markMs += (next - step) * stepMs;
    await logSteps(run, step, next);
    step = next;
    if (config.reportsProgress) job.step = step;
    if (config.performanceLogEvery > 0) job.speed_string = speed(toolkit.options.config().delaysMs.step);

    const strike = strikes.find((candidate) => step >= (candidate.step ?? 0));
    if (strike !== undefined) return strikeAt(run, strike);
    obeyFlags(run);
    const isDue = step % config.saveEvery === 0 && step > start + 1 && step < config.steps;
    if (isDue || (job.save_now && config.reportsProgress)) {
      job.save_now = false;
      await save(run, step, false);
      obeyFlags(run);
    }
    const samplesDue = step % config.sampleEvery === 0 && step < config.steps;
    if (samplesDue || (job.sample_now && config.reportsProgress)) {
      job.sample_now = false;
      await sampleAll(run, step);
      run.report('Training');
    }
    if (clock.now() - markMs > 1000) markMs = clock.now();
    // Lets requests in between even when nothing takes time.
    await new Promise<void>((resolve) => setImmediate(resolve));
    run.signal.throwIfAborted();
  }
  await sampleAll(run, config.steps);
  await save(run, config.steps, true);
  return 'done';
}

function nextBoundary(run: Run, step: number, strikes: Fault[]): number {
  const { steps, saveEvery, sampleEvery } = run.config;
  const next = (every: number): number => (every > 0 ? (Math.floor(step / every) + 1) * every : steps);
  const ahead = strikes.map((strike) => strike.step ?? 0).filter((at) => at > step);
  return Math.min(steps, next(saveEvery), next(sampleEvery), ...ahead);
}

async function logSteps(run: Run, from: number, to: number): Promise<void> {
  const { toolkit, config, folder } = run;
  const nowSec = toolkit.options.clock.now() / 1000;
  const rate = exponent(config.learningRate, 1);
  let text = '';
  for (let step = from; step < to; step += 1) {
    toolkit.losses.log(folder, step, nowSec);
    const percent = Math.floor(((step + 1) / config.steps) * 100);
    text += `\r${config.name}: ${percent}%| ${step + 1}/${config.steps} lr: ${rate} loss: ${exponent(toolkit.losses.loss(folder, step), 3)}`;
  }
  await run.log(text);
}

/** Python's `%.1e`: two digits of exponent at least. */
function exponent(value: number, digits: number): string {
  return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
}

function speed(stepMs: number): string {
  if (stepMs <= 0) return '1000.00 iter/sec';
  return stepMs > 1000 ? `${(stepMs / 1000).toFixed(2)} sec/iter` : `${(1000 / stepMs).toFixed(2)} iter/sec`;
}

function obeyFlags(run: Run): void {
  const { job, config } = run;
  if (!config.reportsProgress) return;
  if (job.stop) {
    Object.assign(job, { status: 'stopped', info: 'Job stopped' });
    throw new TrainerStopped();
  }
  if (job.return_to_queue) {
    Object.assign(job, { status: 'queued', info: 'Job queued' });
    throw new TrainerStopped();
  }
}

async function save(run: Run, step: number, isFinal: boolean): Promise<void> {
  const { toolkit, fault } = run;
  const world = toolkit.options.config();
  run.report('Saving model', step);
  await run.log(`\nSaving at step ${step}\n`);
  await run.sleep(world.delaysMs.save);
  const isSpoilt = fault?.step === undefined ? isFinal : step >= fault.step;
  const spoil = isSpoilt
    ? ({ 'corrupt-file': 'corrupt', 'truncate-file': 'truncate' } as const)[fault?.effect ?? '']
    : undefined;
  await run.checkpoints.save({ step, isFinal, world, signal: run.signal, ...(spoil && { spoil }) });
  if (!isFinal) await run.checkpoints.prune();
  run.lastSavedStep = step;
  if (!isFinal) run.report('Training');
}

async function sampleAll(run: Run, step: number): Promise<void> {
  const { toolkit, config } = run;
  if (config.disableSampling) return;
  for (let index = 0; index < config.sampleCount; index += 1) {
    run.report(`Generating images - ${index + 1}/${config.sampleCount}`);
    await run.sleep(toolkit.options.config().delaysMs.sample);
    const nowMs = Math.floor(toolkit.options.clock.now());
    await writeSample({
      disk: toolkit.disk,
      folder: run.folder,
      photos: run.photos,
      format: config.sampleFormat,
      step,
      index,
      nowMs,
    });
  }
}

/** What a fault does at its step: end the process in some way, or never go on. */
async function strikeAt(run: Run, fault: Fault): Promise<Exit> {
  const { fates, vanish, restart } = run.toolkit.options;
  if (fates.includes(fault)) fates.splice(fates.indexOf(fault), 1);
  switch (fault.effect) {
    case 'exit':
      return { code: fault.code ?? 1 };
    case 'sigkill':
      return { signal: 'SIGKILL' };
    case 'zombie':
      return null;
    case 'oom':
      throw new TrainerError(fault.detail ?? texts.oomInStep);
    case 'db-lock':
      throw new TrainerError(fault.detail ?? texts.dbLock);
    case 'vanish':
      vanish();
      break;
    case 'container-restart':
      restart();
      break;
    default:
      break;
  }
  return new Promise<never>((_, reject) => {
    const stop = (): void => reject(run.signal.reason as Error);
    if (run.signal.aborted) stop();
    else run.signal.addEventListener('abort', stop, { once: true });
  });
}
