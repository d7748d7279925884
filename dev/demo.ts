/** `npm run demo`: the main job from photos to a published LoRA, on the local stack, with live progress. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { TrainingView } from '../api/schemas/trainings.ts';
import { untilSignal } from '../cli/signals.ts';
import { openWorld } from '../emulator/client.ts';
import { createApiClient } from './api-client.ts';
import { drawPhoto } from './photos.ts';
import { startStack } from './stack.ts';
import type { Stack } from './stack.ts';
import { bar, say, settle, show } from './terminal.ts';

const USAGE = 'npm run demo -- [--images <folder>] [--base-model flux] [--trigger ohwx] [--steps 600] [--keep]';
/** How many photos are drawn when no folder is given: a few more than curation's minimum. */
const DRAWN_PHOTOS = 12;
/** After this long without progress the demo says where the logs are. */
const SILENCE_MS = 30_000;
const PHOTO_TYPES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.tif', '.tiff']);
/** The emulated trainer's settings: a run takes about half a minute and still shows its phases. */
const DEMO_CLOUD = {
  loraBytes: 20_000_000,
  delaysMs: {
    provisioning: 1_500,
    starting: 500,
    ports: 300,
    app: 700,
    ui: 500,
    modelLoad: 2_500,
    datasetLoad: 500,
    step: 25,
    save: 300,
    sample: 150,
  },
};

const { values: flags } = parseArgs({
  options: {
    images: { type: 'string' },
    'base-model': { type: 'string', default: 'flux' },
    trigger: { type: 'string', default: 'ohwx' },
    steps: { type: 'string', default: '600' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const signalled = untilSignal();
process.exitCode = await main();

async function main(): Promise<number> {
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  if (process.env['RUNPOD_API_KEY']) {
    say(
      'RUNPOD_API_KEY is set: the demo would rent a real pod. Unset it for the demo, or use `npm start` and the API for real trainings.',
    );
    return 1;
  }
  const photos = await readPhotos(flags.images);
  say('Starting the local stack (Temporal, PostgreSQL, emulated cloud, worker, API) ...');
  const stack = await startStack({ log: (line) => say(`  ${line}`) }).catch((error: unknown) => {
    say((error as Error).message);
    return null;
  });
  if (stack === null) return 1;
  try {
    const code = await Promise.race([train(stack, photos), signalled.then(() => 130), stack.broken.then(report)]);
    if (flags.keep && code === 0) {
      say(`\nThe stack stays up: API ${stack.apiUrl}, Web UI ${stack.temporal.uiUrl}. Ctrl-C stops it.`);
      await Promise.race([signalled, stack.broken]);
    }
    return code;
  } finally {
    settle();
    say('Stopping ...');
    await stack.stop();
  }
}

/**
 * Different in every run: an interrupted training continues beside the next, and a repository belongs to one training.
 */
function repoName(trigger: string): string {
  const words = trigger.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return ['demo', ...words, randomUUID().slice(0, 4)].join('-');
}

function report(broken: string): number {
  settle();
  say(broken);
  return 1;
}

async function train(stack: Stack, photos: readonly { filename: string; bytes: Uint8Array }[]): Promise<number> {
  await openWorld(`${stack.emulatorUrl}/w/dev`).configure(DEMO_CLOUD);
  const api = createApiClient(stack.apiUrl, stack.apiKeyFile);
  say('\nThe cloud is EMULATED: no GPU, no money, and no real weights are trained.\n');
  const uploaded = await api.uploadPhotos(photos);
  say(
    `Uploaded ${uploaded.images.length} photos${flags.images ? ` from ${flags.images}` : ' (drawn by the demo itself)'}`,
  );
  for (const { filename, message } of uploaded.rejected) say(`  not taken: ${filename}: ${message}`);
  const dataset = await api.createDataset(
    'demo',
    uploaded.images.map((image) => image.id),
  );
  const training = await api.startTraining(
    {
      name: `Demo ${flags.trigger}`,
      datasetId: dataset.id,
      baseModel: flags['base-model'],
      triggerWord: flags.trigger,
      recipe: { steps: Number(flags.steps), checkpointInterval: Math.max(1, Math.round(Number(flags.steps) / 3)) },
      destinations: [{ kind: 'huggingface', repo: `tempera-demo/${repoName(flags.trigger)}` }],
    },
    randomUUID(),
  );
  say(`Training ${training.id}\nWeb UI   ${training.links.temporalUi ?? 'unknown'}\n`);
  const done = await follow(api, training.id, stack.logs);
  settle();
  return done.status === 'ready' ? success(stack, done) : failure(done);
}

async function follow(api: ReturnType<typeof createApiClient>, id: string, logs: string): Promise<TrainingView> {
  let last = '';
  const silence = setInterval(
    () => say(`no progress for ${SILENCE_MS / 1_000} s; the logs are in ${logs}`),
    SILENCE_MS,
  );
  try {
    for await (const item of api.events(id, new AbortController().signal)) {
      silence.refresh();
      if (item.kind === 'progress') {
        const line = progressLine(item.training);
        if (line !== last) show(line);
        last = line;
      } else if (item.topic === 'training.failed') break;
    }
  } finally {
    clearInterval(silence);
  }
  return await api.training(id);
}

/** Phase, bar with steps and ETA, loss, money, pod. */
function progressLine({ phase, attempt, progress, cost, gpu }: TrainingView): string {
  const { step, totalSteps, loss, estimatedEndAt } = progress;
  const parts = [phase.padEnd(12)];
  if (totalSteps > 0) parts.push(`${bar(step / totalSteps)} ${step}/${totalSteps}`);
  if (estimatedEndAt !== null && phase === 'training')
    parts.push(`ETA ${Math.max(0, Math.round((Date.parse(estimatedEndAt) - Date.now()) / 1_000))} s`);
  if (loss !== null) parts.push(`loss ${loss.toFixed(3)}`);
  if (cost.microUsd > 0) parts.push(cost.usd);
  if (gpu !== null) parts.push(`${gpu}${attempt > 1 ? `, attempt ${attempt}` : ''}`);
  return parts.join('  ');
}

function success(stack: Stack, training: TrainingView): number {
  say('');
  for (const file of training.artifact?.files ?? []) {
    const path = join(stack.home, 'objects', 'trainings', training.id, 'artifacts', `a${training.attempt}`, file.name);
    say(`LoRA       ${relative(process.cwd(), path)}`);
    say(`  size     ${(file.sizeBytes / 1e6).toFixed(1)} MB (${file.sizeBytes} bytes)`);
    say(`  sha256   ${file.sha256}`);
  }
  for (const publication of training.publications) {
    const { status, url, location, message } = publication;
    say(
      `Published  ${status === 'published' ? (url ?? location) : `${status}: ${message ?? location}`} (emulated Hub)`,
    );
  }
  say(
    `Cost       ${training.cost.usd} of emulated money, ${training.attempt} attempt${training.attempt === 1 ? '' : 's'}`,
  );
  say(`Web UI     ${training.links.temporalUi ?? 'unknown'}${flags.keep ? '' : '   (run with --keep to look at it)'}`);
  say('\nThe cloud was emulated: the file is valid safetensors with random numbers, not trained weights.');
  return 0;
}

function failure(training: TrainingView): number {
  say(`\nThe training is ${training.status}: ${training.reason}: ${training.message}`);
  return 1;
}

async function readPhotos(folder: string | undefined) {
  if (folder === undefined) {
    return await Promise.all(
      Array.from({ length: DRAWN_PHOTOS }, async (_, index) => ({
        filename: `drawn-${index + 1}.jpg`,
        bytes: await drawPhoto(index + 1),
      })),
    );
  }
  const names = readdirSync(folder).filter((name) => PHOTO_TYPES.has(extname(name).toLowerCase()));
  return names.map((name) => ({ filename: name, bytes: readFileSync(join(folder, name)) }));
}
