/**
 * Files of a few megabytes that took a process to gigabytes, or kept it busy for minutes: opened by real processes, in every way
 * that we open photos, below a limit of memory.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CurationReport } from '../../curation/report/report.ts';
import { drawView } from '../../dev/draw-view.ts';
import type { HostileContainer } from '../../dev/hostile-containers/container.ts';
import { hostileContainers } from '../../dev/hostile-containers/index.ts';
import type { HostileContainers } from '../../dev/hostile-containers/index.ts';
import { writeFiles } from './hostile-files.ts';
import type { OpenedFile, Way } from './open-files-worker.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Peak of a process that opens them one by one: 95 MB are Node's and the code's own. */
const OPEN_BYTES = { inspect: 300e6, analyse: 500e6, prepare: 500e6 } as const;
/** Peak of a process that curates them all: with its threads, and with several files of 25 MB in memory at once, twice each. */
const CURATE_BYTES = 800e6;
/** No test is about time: this only ends what hangs. */
const PATIENCE_MS = 600_000;

let folder: string;
let files: HostileContainers;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-hostile-'));
  files = await hostileContainers(await (await drawView(11, { width: 900, height: 700 })).png().toBuffer());
  await writeFiles(folder, [...files.good, ...files.hostile]);
}, PATIENCE_MS);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('hostile containers', { timeout: PATIENCE_MS }, () => {
  it.each(['inspect', 'analyse', 'prepare'] as const)('%s stays in little memory', async (way) => {
    const opened = await openAll(way);
    tell(way, opened);

    const above = opened.filter(({ peakBytes }) => peakBytes > OPEN_BYTES[way]);
    const outcomes = new Map(opened.map((one) => [one.name, one]));
    const wrong = files.hostile.filter((file) => !isRight(file, outcomes, way)).map(({ name }) => outcomes.get(name));
    expect(opened).toHaveLength(files.good.length + files.hostile.length);
    expect(above.map(({ name, peakBytes }) => `${name}: ${megabytes(peakBytes)}`)).toEqual([]);
    expect(wrong).toEqual([]);
  });

  it('curation drops them for the right reason, in little memory, and keeps the good one', async () => {
    const { report, peakBytes } = await curateFolder();
    process.stdout.write(`hostile containers  curated, peak ${megabytes(peakBytes)}\n`);

    const wrong = files.hostile.flatMap(({ name, reason }) => {
      const { decision, reason: given, sentence } = report.photos.find((photo) => photo.filename === name)!;
      // All of the others show one picture: one of them is kept.
      const isRight =
        reason === null
          ? ['duplicate_exact', 'duplicate_near', null].includes(given)
          : decision === 'drop' && given === reason;
      return isRight ? [] : [`${name}: ${decision}, ${given}. ${sentence}`];
    });
    expect(wrong).toEqual([]);
    expect(report.kept).toBe(1);
    expect(peakBytes).toBeLessThan(CURATE_BYTES);
  });
});

/** Reasons that are found in the file itself, not in what it shows. */
const IN_THE_FILE = new Set(['unsafe', 'unreadable', 'animated', 'too_large']);

function isRight({ name, reason }: HostileContainer, outcomes: ReadonlyMap<string, OpenedFile>, way: Way): boolean {
  const { outcome, pixelHash } = outcomes.get(name)!;
  if (reason === null) {
    const good = outcomes.get(`good.${name.split('.').at(-1)}`)!;
    return outcome.status === 'ok' && pixelHash === good.pixelHash;
  }
  if (way === 'analyse' && IN_THE_FILE.has(reason)) return outcome.reason === reason;
  return reason !== 'unsafe' || outcome.message!.startsWith('The file was not opened: ');
}

async function openAll(way: Way): Promise<OpenedFile[]> {
  return JSON.parse(await run('open-files-worker.ts', way, folder)) as OpenedFile[];
}

async function curateFolder(): Promise<{ report: CurationReport; peakBytes: number }> {
  return JSON.parse(await run('curate-folder-worker.ts', folder, 'style')) as {
    report: CurationReport;
    peakBytes: number;
  };
}

async function run(worker: string, ...args: readonly string[]): Promise<string> {
  const file = join(import.meta.dirname, worker);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], {
    cwd: ROOT,
    maxBuffer: 1e8,
    timeout: PATIENCE_MS,
  });
  return stdout;
}

/** What each file added to the peak, the worst first. */
function tell(way: Way, opened: readonly OpenedFile[]): void {
  const added = opened.map(({ name, peakBytes, ms }, i) => ({
    name,
    ms,
    bytes: peakBytes - (opened[i - 1]?.peakBytes ?? 0),
  }));
  const worst = added.slice(1).toSorted((a, b) => b.bytes - a.bytes || b.ms - a.ms);
  const slowest = added.toSorted((a, b) => b.ms - a.ms)[0]!;
  process.stdout.write(
    `hostile containers  ${way}: peak ${megabytes(opened.at(-1)!.peakBytes)}; ${worst
      .slice(0, 3)
      .map(({ name, bytes }) => `${name} +${megabytes(bytes)}`)
      .join(', ')}; slowest ${slowest.name} ${slowest.ms} ms\n`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
