/**
 * `npm run bench:transfer`: large files between a pod and our store, compared with the simplest tool for the same job.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { untilSignal } from '../cli/signals.ts';
import { withTimeLimit } from '../core/time-limit.ts';
import { startEmulatorProcess } from '../dev/emulator.ts';
import { say } from '../dev/terminal.ts';
import { createFilesystemStore } from '../providers/storage/filesystem.ts';
import { REPORT_FLAGS, conclude, refuseUnsavable } from './report.ts';
import { startS3 } from './transfer-s3.ts';
import { LORA_KEY, measureLora } from './transfer-lora.ts';
import { measurePhotos } from './transfer-photos.ts';
import { trainOnPod } from './transfer-pod.ts';

const USAGE = 'npm run bench:transfer -- [--rounds 3] [--gib 2] [--json] [--save]';
const GIB = 1_024 ** 3;
/** The LoRA on the pod, at most one copy at a time, S3's parts of one, the photos on both sides. */
const DISK_COPIES = 3;
const PHOTOS_DISK_BYTES = 2 * GIB;
const LAST_ROUND_AFTER_MS = 150_000;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    gib: { type: 'string', default: '2' },
    ...REPORT_FLAGS,
    help: { type: 'boolean', default: false },
  },
});
// A notice to developers that every process with a client prints; it would appear between the tables.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
const tell = (line: string) => (flags.json ? undefined : say(line));
const signalled = untilSignal();
process.exitCode = flags.help ? (say(USAGE), 0) : await main();

async function main(): Promise<number> {
  await refuseUnsavable(flags);
  const dir = await mkdtemp(join(tmpdir(), 'tempera-bench-'));
  const stops: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true, maxRetries: 5 })];
  try {
    return await Promise.race([measure(dir, stops), signalled.then(() => 130)]);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function measure(dir: string, stops: (() => Promise<unknown>)[]): Promise<number> {
  const rounds = Number(flags.rounds);
  const loraBytes = Math.round(Number(flags.gib) * GIB);
  const deadlineMs = Date.now() + LAST_ROUND_AFTER_MS;
  const neededBytes = DISK_COPIES * loraBytes + PHOTOS_DISK_BYTES;
  const { bavail, bsize } = await statfs(dir);
  tell(`Needs ${Math.ceil(neededBytes / GIB)} GiB of disk in ${tmpdir()} for a few minutes.`);
  if (bavail * bsize < neededBytes)
    throw new Error(
      `Only ${Math.floor((bavail * bsize) / GIB)} GiB are free in ${tmpdir()}; TMPDIR may lead to another disk.`,
    );

  const emulator = await startEmulatorProcess({ dataDir: join(dir, 'emulator') });
  stops.push(() => emulator.stop());
  const s3 = await startS3(join(dir, 's3'));
  if (s3.status === 'running') stops.push(() => s3.stop());
  const pod = await withTimeLimit(LAST_ROUND_AFTER_MS, undefined, (signal) =>
    trainOnPod(emulator.url, loraBytes, signal),
  );

  const root = join(dir, 'objects');
  const filesystem = {
    choice: { kind: 'filesystem', root },
    remove: () => createFilesystemStore({ root, secret: '', publicUrl: '' }).delete(LORA_KEY),
  } as const;
  const stores =
    s3.status === 'running'
      ? [filesystem, { choice: s3.choice, certificate: s3.certificate, remove: () => s3.remove(LORA_KEY) }]
      : [filesystem];
  const photos = await measurePhotos({ pod, dir, rounds, tell });
  const lora = await measureLora({ pod, dir, stores, rounds, deadlineMs, tell });
  return await conclude(
    'transfer',
    {
      targets: [...lora.targets, photos.target],
      skipped: s3.status === 'missing' ? [`LoRA to s3: ${s3.why}`] : [],
      figures: { loraBytes, lora: lora.figures, photos: photos.figures },
    },
    flags,
  );
}
