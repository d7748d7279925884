/** A process that opens files one after the other in one of our ways, and says what came of each and how much memory that took. */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectPhoto } from '../../curation/intake/intake.ts';
import { preparePhoto } from '../../curation/prepare.ts';
import { analysePhoto } from '../../curation/signals/analyse.ts';

export type Way = 'inspect' | 'analyse' | 'prepare';

export interface OpenedFile {
  readonly name: string;
  /** `ok`, or the reason and the sentence of a refusal. */
  readonly outcome: { readonly status: string; readonly reason?: string; readonly message?: string };
  /** SHA-256 of the pixels, when they were looked at. */
  readonly pixelHash: string | null;
  /** Highest memory of the process until then. */
  readonly peakBytes: number;
  readonly ms: number;
}

const [way = '', folder = ''] = process.argv.slice(2);
const files: OpenedFile[] = [];
for (const name of (await readdir(folder)).toSorted()) {
  const bytes = await readFile(join(folder, name));
  const startedAt = performance.now();
  const opened = await open(way as Way, bytes);
  files.push({ name, ...opened, peakBytes: residentPeak(), ms: Math.round(performance.now() - startedAt) });
}
process.stdout.write(JSON.stringify(files));

async function open(how: Way, bytes: Buffer): Promise<Pick<OpenedFile, 'outcome' | 'pixelHash'>> {
  switch (how) {
    case 'inspect':
      return { outcome: await inspectPhoto(bytes), pixelHash: null };
    case 'analyse': {
      const { analysis } = await analysePhoto(bytes);
      if (analysis.status === 'rejected') return { outcome: analysis, pixelHash: null };
      return { outcome: { status: 'ok' }, pixelHash: analysis.pixelHash };
    }
    case 'prepare':
      try {
        await preparePhoto(bytes);
        return { outcome: { status: 'ok' }, pixelHash: null };
      } catch (error) {
        return { outcome: { status: 'failed', message: (error as Error).message }, pixelHash: null };
      }
  }
}

/** Threads included. */
function residentPeak(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return Number(kilobytes) * 1_024;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Not Linux; kilobytes there too.
    return process.resourceUsage().maxRSS * 1_024;
  }
}
