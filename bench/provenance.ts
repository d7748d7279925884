/** Where a figure comes from: the machine and the commit. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';

const GIB = 1_024 ** 3;
const run = promisify(execFile);

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /**
   * Programs that wanted a core, averaged over the last minute and the last quarter of an hour: the benchmark's own
   * included.
   */
  readonly load: { readonly oneMinute: number; readonly fifteenMinutes: number };
}

export async function describeMachine(): Promise<Machine> {
  const [oneMinute = 0, , fifteenMinutes = 0] = loadavg();
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round((await memoryLimit()) / GIB),
    system: platform(),
    node: process.version,
    load: { oneMinute: round(oneMinute), fifteenMinutes: round(fifteenMinutes) },
  };
}

/** What the machine has, or what a container may use of it. Bytes. */
async function memoryLimit(): Promise<number> {
  const limit = await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => 'max');
  return Math.min(totalmem(), Number.parseInt(limit, 10) || Infinity);
}

/**
 * Short hash of what is checked out, with `+changes` when sources differ from it (documents do not count); `unknown`
 * outside a clone.
 */
export async function commitOf(root: string): Promise<string> {
  const git = async (...args: string[]) => (await run('git', ['-C', root, ...args])).stdout.trim();
  const commit = await git('rev-parse', '--short=7', 'HEAD').catch(() => 'unknown');
  if (commit === 'unknown') return commit;
  const changes = await git('status', '--porcelain', '--', '.', ':!docs', ':!*.md');
  return commit + (changes === '' ? '' : '+changes');
}
