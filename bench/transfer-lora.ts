import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, table } from './statistics.ts';
import type { Target } from './statistics.ts';
import type { StoreChoice } from './transfer-orders.ts';
import type { TrainedPod } from './transfer-pod.ts';
import { startTransferProcess } from './transfer-process.ts';

const KEY = 'trainings/bench/artifacts/a1/lora.safetensors';
const MIB = 1_024 * 1_024;
const LEAST_RATIO = { filesystem: 0.9, s3: 0.6 };
const MOST_MEMORY_MIB = 300;

/** MB/s of one round. */
interface Round {
  /**
   * `curl` whose output is written to a file and hashed on the way: until it ends, and until the bytes are on the disk.
   */
  readonly curl: { readonly written: number; readonly synced: number };
  /** Of each store. */
  readonly mbPerSecond: readonly number[];
  /**
   * Our file store answers when the bytes are on the disk, so it is held against curl with a sync; the S3 server does
   * not sync.
   */
  readonly ratios: readonly number[];
}

interface LoraParams {
  readonly pod: TrainedPod;
  readonly dir: string;
  readonly stores: readonly {
    readonly choice: StoreChoice;
    readonly certificate?: string;
    readonly remove: () => Promise<void>;
  }[];
  readonly rounds: number;
  /** No round begins after this. Epoch milliseconds. */
  readonly deadlineMs: number;
  readonly tell: (line: string) => void;
}

/**
 * Pod to object store by our own path against `curl` and a hash from the pod to the same disk, in turns, since
 * neighbours are noisy.
 */
export async function measureLora({ pod, dir, stores, rounds, deadlineMs, tell }: LoraParams) {
  const processes = await Promise.all(stores.map(({ certificate }) => startTransferProcess(certificate)));
  const done: Round[] = [];
  const memoryMib = stores.map(() => 0);
  try {
    for (let round = 0; round < rounds && (round === 0 || Date.now() < deadlineMs); round += 1) {
      const curl = await curlToDisk(pod, join(dir, 'curl.safetensors'));
      const baseline = stores.map(({ choice }) => (choice.kind === 'filesystem' ? curl.synced : curl.written));
      const mbPerSecond: number[] = [];
      for (const [index, { choice, remove }] of stores.entries()) {
        const { target, lora: file } = pod;
        const outcome = await processes[index]!.carryOut({ kind: 'copy', target, file, store: choice, key: KEY });
        mbPerSecond.push(rate(outcome.sizeBytes, outcome.ms));
        memoryMib[index] = Math.max(memoryMib[index]!, (outcome.peakBytes - outcome.idleBytes) / MIB);
        await remove();
      }
      done.push({ curl, mbPerSecond, ratios: mbPerSecond.map((one, index) => one / baseline[index]!) });
    }
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
  }

  const names = stores.map(({ choice }) => choice.kind);
  tell(`\nA LoRA of ${Math.round(pod.lora.sizeBytes / MIB)} MiB, pod to ${names.join(' and ')}, MB/s`);
  const rows = done.map(({ curl, mbPerSecond, ratios }, round) => [
    `round ${round + 1}`,
    curl.written.toFixed(0),
    curl.synced.toFixed(0),
    ...mbPerSecond.flatMap((one, index) => [one.toFixed(0), ratios[index]!.toFixed(2)]),
  ]);
  tell(table([['', 'curl + hash', 'and synced', ...names.flatMap((name) => [name, 'ratio'])], ...rows]));
  tell(names.map((name, index) => `memory over idle, ${name}: ${memoryMib[index]!.toFixed(0)} MiB`).join('; '));
  const targets = names.flatMap((name, index): Target[] => [
    {
      name: `LoRA to ${name === 's3' ? 's3 over TLS' : name}, of the throughput of curl and a hash${name === 'filesystem' ? ', to the disk' : ''}`,
      unit: 'ratio',
      kind: 'at least',
      limit: LEAST_RATIO[name],
      measured: median(done.map(({ ratios }) => ratios[index]!)),
    },
    {
      name: `LoRA to ${name}, memory over idle`,
      unit: 'MiB',
      kind: 'at most',
      limit: MOST_MEMORY_MIB,
      measured: memoryMib[index]!,
    },
  ]);
  return { targets, figures: { stores: names, rounds: done, memoryMib } };
}

/**
 * MB/s of `curl` for the same file from the same address, hashed on the way by the quickest tool: what our path does
 * too.
 */
async function curlToDisk({ target, lora }: TrainedPod, path: string): Promise<Round['curl']> {
  const url = `${target.baseUrl}/api/files/${encodeURIComponent(lora.path)}`;
  const pipe = 'curl --silent --show-error --fail --header "$AUTH" "$URL" | tee "$OUT" | openssl dgst -sha256';
  const startedAt = performance.now();
  await promisify(execFile)('bash', ['-o', 'pipefail', '-c', pipe], {
    env: { ...process.env, AUTH: `authorization: Bearer ${target.password}`, URL: url, OUT: path },
  });
  const writtenMs = performance.now() - startedAt;
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
  const syncedMs = performance.now() - startedAt;
  await rm(path);
  return { written: rate(lora.sizeBytes, writtenMs), synced: rate(lora.sizeBytes, syncedMs) };
}

export function rate(bytes: number, ms: number): number {
  return bytes / 1e6 / (ms / 1_000);
}

export { KEY as LORA_KEY };
