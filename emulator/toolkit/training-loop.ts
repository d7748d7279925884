import { saveCheckpoint } from './save-checkpoint.ts';
import { writeSample } from './samples.ts';
import { strike } from './strike.ts';
import { TrainerStopped } from './trainer-errors.ts';
import type { Fault } from '../core/faults.ts';
import type { Run } from './trainer.ts';
import type { Exit } from './worker.ts';

/** Walks from the resumed step to the end; several steps at a time when they are shorter than a timer can be. */
export async function trainSteps(run: Run): Promise<Exit | 'done'> {
  const { toolkit, job, config } = run;
  const { clock } = toolkit.options;
  const start = run.lastSavedStep;
  if (config.usesLossLog || config.reportsProgress) {
    toolkit.losses.open(run.folder, { learningRate: config.learningRate, step: start });
  }
  if (start === 0 && !config.skipFirstSample) await sampleAll(run, 0);
  run.report('Training', start);
  const strikes = strikesOf(run);
  const atOnce = strikes.find((candidate) => candidate.step === start);
  if (atOnce !== undefined) return strike(run, atOnce);

  let step = start;
  let markMs = clock.now();
  while (step < config.steps) {
    const boundary = nextBoundary(run, step, strikes);
    const stepMs = clock.scale(stepDelayMs(run, step));
    await clock.sleepReal(Math.min(stepMs, markMs + stepMs - clock.now()), run.signal);
    const next =
      stepMs === 0 ? boundary : Math.min(boundary, step + Math.max(1, Math.floor((clock.now() - markMs) / stepMs)));
    markMs += (next - step) * stepMs;
    await executeSteps(run, step, next);
    step = next;
    Object.assign(run.entry, { lastStep: step, stepsTrained: step - start });
    if (config.reportsProgress) job.step = step;
    if (config.performanceLogEvery > 0) job.speed_string = speed(stepDelayMs(run, step));

    const due = strikes.find((candidate) => step >= (candidate.step ?? 0));
    if (due !== undefined) return strike(run, due);
    obeyFlags(run);
    const isDue = step % config.saveEvery === 0 && step > start + 1 && step < config.steps;
    if (isDue || (job.save_now && config.reportsProgress)) {
      job.save_now = false;
      await saveCheckpoint(run, { step, isFinal: false });
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
  await saveCheckpoint(run, { step: config.steps, isFinal: true });
  return 'done';
}

/** What ends this process at a step: of the trainer's own faults and of the pod's fates. */
function strikesOf({ faults, toolkit }: Run): Fault[] {
  const fates = toolkit.options.fates.filter((fate) => ['vanish', 'container-restart', 'exited'].includes(fate.effect));
  return [faults.strike, ...fates].filter(
    (fault): fault is Fault =>
      fault?.step !== undefined && fault.effect !== 'corrupt-file' && fault.effect !== 'truncate-file',
  );
}

/** One step on this pod's GPU and host, before the clock factor. */
function stepDelayMs({ toolkit, faults }: Run, step: number): number {
  const { config, gpu, fates } = toolkit.options;
  const { delaysMs, stepFactors } = config();
  const slow = [fates.find(({ effect }) => effect === 'slow-host'), faults.modifiers.get('slow')].filter(
    (fault) => fault !== undefined && step >= (fault.step ?? 0),
  );
  return slow.reduce((ms, fault) => ms * (fault?.factor ?? 10), delaysMs.step * (stepFactors[gpu.name] ?? 1));
}

function nextBoundary(run: Run, step: number, strikes: Fault[]): number {
  const { steps, saveEvery, sampleEvery } = run.config;
  const next = (every: number): number => (every > 0 ? (Math.floor(step / every) + 1) * every : steps);
  const turns = [...strikes.map((candidate) => candidate.step ?? 0), run.faults.modifiers.get('slow')?.step ?? 0];
  const ahead = turns.filter((at) => at > step);
  return Math.min(steps, next(saveEvery), next(sampleEvery), ...ahead);
}

async function executeSteps(run: Run, from: number, to: number): Promise<void> {
  const { toolkit, config, folder } = run;
  const wallTimeSec = toolkit.options.clock.now() / 1000;
  const rate = exponent(config.learningRate, 1);
  let text = '';
  for (let step = from; step < to; step += 1) {
    const loss = run.learner.train(step);
    toolkit.losses.log(folder, step, { wallTimeSec, loss });
    const percent = Math.floor(((step + 1) / config.steps) * 100);
    text += `\r${config.name}: ${percent}%| ${step + 1}/${config.steps} lr: ${rate} loss: ${exponent(loss, 3)}`;
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
