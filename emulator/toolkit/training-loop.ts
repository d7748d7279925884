import { bookFile } from './book-file.ts';
import { obeyFlags } from './obey-flags.ts';
import { writeSample } from './samples.ts';
import { saveCheckpoint } from './save-checkpoint.ts';
import { strike } from './strike.ts';
import type { Fault } from '../core/faults.ts';
import type { Exit, Run } from './run.ts';

/**
 * Goes from the resumed step to the end; several steps at a time when they are shorter than a timer can be. As in the
 * real loop (ostris/ai-toolkit@27a03a91, jobs/process/BaseSDTrainProcess.py) the row says N for as long as the next
 * step takes, and only then come the save and the samples of N; the final save comes before the last samples. Unlike
 * the real ones, the weights saved at N have not learned that next step: it is executed after the save, so that a run
 * that resumes from N equals one that was never interrupted.
 */
export async function trainSteps(run: Run): Promise<Exit | 'done'> {
  const { toolkit, job, config } = run;
  const { clock } = toolkit.options;
  const start = run.lastSavedStep;
  if (config.usesLossLog || config.reportsProgress) {
    toolkit.losses.open(run.folder, { learningRate: config.learningRate });
  }
  run.report('Training', start);
  if (start <= 1 && !config.skipFirstSample) await sampleAll(run, start);
  const strikes = strikesOf(run);
  const atOnce = strikes.find((candidate) => candidate.step === start);
  if (atOnce !== undefined) return strike(run, atOnce);

  let step = start;
  let markMs = clock.now();
  while (step < config.steps) {
    const isSave = step !== start && isTurn(step, config.saveEvery);
    const isSample = step !== start && isTurn(step, config.sampleEvery);
    const boundary = isSave || isSample ? step + 1 : nextBoundary(run, step, strikes);
    const stepMs = clock.scale(stepDelayMs(run, step));
    await clock.sleepReal(Math.min(stepMs, markMs + stepMs - clock.now()), run.signal);
    const next =
      stepMs === 0 ? boundary : Math.min(boundary, step + Math.max(1, Math.floor((clock.now() - markMs) / stepMs)));
    markMs += (next - step) * stepMs;
    if (isSave) await saveCheckpoint(run, { step, isFinal: false });
    if (isSample) await sampleAll(run, step);
    await executeSteps(run, { start, from: step, to: next });
    const lastTold = Math.floor((next - 1) / config.performanceLogEvery) * config.performanceLogEvery;
    const isSpeedTold = config.performanceLogEvery > 0 && lastTold >= step && lastTold !== start;
    step = next;
    Object.assign(run.entry, { lastStep: step, stepsTrained: step - start });
    if (config.reportsProgress) job.step = step;
    if (isSpeedTold) job.speed_string = speed(stepDelayMs(run, step));

    const due = strikes.find((candidate) => step >= (candidate.step ?? 0));
    if (due !== undefined) return strike(run, due);
    obeyFlags(run);
    const wasAsked = await obeyRequests(run, step);
    // Saves and samples take their own time, not that of the steps.
    if (isSave || isSample || wasAsked || clock.now() - markMs > 1000) markMs = clock.now();
    // Lets requests through even when nothing takes time.
    await new Promise<void>((resolve) => setImmediate(resolve));
    run.signal.throwIfAborted();
  }
  // The progress bar is closed.
  await run.log('\n');
  await saveCheckpoint(run, { step: config.steps, isFinal: true });
  await sampleAll(run, config.steps);
  return 'done';
}

/** Requested saves and samples come at the end of a step, before the next one begins; true = there was one. */
async function obeyRequests(run: Run, step: number): Promise<boolean> {
  const { job, config } = run;
  const { save_now: saves, sample_now: samples } = job;
  if (!config.reportsProgress || !(saves || samples)) return false;
  if (saves) {
    job.save_now = false;
    await saveCheckpoint(run, { step, isFinal: false });
  }
  if (samples) {
    job.sample_now = false;
    await run.log(`\nSampling at step ${step}\n`);
    await sampleAll(run, step);
  }
  return true;
}

function isTurn(step: number, every: number): boolean {
  return every > 0 && step % every === 0;
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

async function executeSteps(run: Run, { start, from, to }: { start: number; from: number; to: number }): Promise<void> {
  const { toolkit, config, folder } = run;
  const wallTimeSec = toolkit.options.clock.now() / 1000;
  const rate = exponent(config.learningRate, 1);
  let text = '';
  for (let step = from; step < to; step += 1) {
    const loss = run.learner.train(step);
    const percent = Math.floor(((step + 1) / config.steps) * 100);
    text += `\r${config.name}: ${percent}%| ${step + 1}/${config.steps} lr: ${rate} loss: ${exponent(loss, 3)}`;
    // The first step of a run is not logged.
    if (step === start) continue;
    toolkit.losses.log(folder, step, { wallTimeSec, loss });
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

async function sampleAll(run: Run, step: number): Promise<void> {
  const { toolkit, config } = run;
  if (config.disableSampling) return;
  obeyFlags(run);
  run.report(`Generating images - 0/${config.sampleCount}`);
  for (let index = 0; index < config.sampleCount; index += 1) {
    await run.sleep(toolkit.options.config().delaysMs.sample);
    const nowMs = Math.floor(toolkit.options.clock.now());
    const path = await writeSample({
      disk: toolkit.disk,
      folder: run.folder,
      photos: run.photos,
      format: config.sampleFormat,
      step,
      index,
      nowMs,
    });
    await bookFile(run, path, step);
    obeyFlags(run);
    run.report(`Generating images - ${index + 1}/${config.sampleCount}`);
  }
  run.report('Training');
}
