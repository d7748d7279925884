import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { jpegScene } from '../generated-photos.fixture.ts';
import { analysePhoto } from '../signals/analyse.ts';
import type { AnalysedPhoto } from '../signals/analyse.ts';
import { createLoneProcess } from './lone-process.ts';
import { CondemnedPhoto, openPhoto } from './openings.ts';
import type { OpeningLog } from './openings.ts';

/** A process with the code and a small photo in it takes about 120 MB. */
const LITTLE_BYTES = 250e6;
const PATIENCE_MS = 120_000;
const lone = createLoneProcess({ maxBytes: LITTLE_BYTES });

/** What the database does for all workers: openings that have begun and not ended, and photos that nobody opens. */
function memoryLog() {
  const open: string[] = [];
  const condemned = new Map<string, string>();
  const log: OpeningLog = {
    condemned: async () => condemned,
    async begin(sha256) {
      const isSuspect = open.includes(sha256);
      open.push(sha256);
      return {
        isSuspect,
        end: async () => void (open.includes(sha256) && open.splice(open.lastIndexOf(sha256), 1)),
        leaveBehind: () => undefined,
        acquit: async () => void open.splice(0),
        condemn: async (why) => void condemned.set(sha256, why),
      };
    },
  };
  return { log, open, condemned };
}

describe('openPhoto', { timeout: PATIENCE_MS }, () => {
  let good: Buffer;
  /** Held whole while it is decoded: 294 MB. */
  let heavy: Buffer;
  beforeAll(async () => {
    good = await jpegScene(1);
    const create = { width: 7_000, height: 7_000, channels: 3, background: '#468' } as const;
    heavy = await sharp({ create }).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer();
  }, PATIENCE_MS);

  const analyse = (bytes: Uint8Array) => ({
    sha256: 'a',
    task: 'analyse',
    bytes,
    here: (): Promise<AnalysedPhoto> => Promise.reject(new Error('it was opened here')),
  });

  it('opens a photo here, and leaves no trace', async () => {
    const { log, open } = memoryLog();

    const opened = await openPhoto({ ...analyse(good), here: () => analysePhoto(good) }, { log, lone });

    expect(opened.analysis.status).toBe('decoded');
    expect(open).toEqual([]);
  });

  it('opens a suspect in a process of its own, with the same result, and forgets that it was one', async () => {
    const { log, open, condemned } = memoryLog();
    open.push('a', 'a');

    const alone = await openPhoto(analyse(good), { log, lone });
    const here = await analysePhoto(good);

    expect(alone.analysis).toEqual(here.analysis);
    expect(Buffer.compare(alone.picture!.data, here.picture!.data)).toBe(0);
    expect(open).toEqual([]);
    expect([...condemned]).toEqual([]);
  });

  it('condemns a suspect that takes more memory than a photo may, after a second process of its own', async () => {
    const { log, open, condemned } = memoryLog();
    open.push('a');

    const failure = await openPhoto(analyse(heavy), { log, lone }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(CondemnedPhoto);
    expect(condemned.get('a')).toMatch(
      /^It was being opened when a worker died, and has ended 2 processes of its own since: the last one took \d+ MB of memory\.$/,
    );
  });

  it('leaves what breaks a thread a suspect, and what is cancelled none', async () => {
    const broken = memoryLog();
    const cancelled = memoryLog();
    const cancel = new AbortController();

    const failure = openPhoto(analyse(good), { log: broken.log, lone });
    const cancellation = openPhoto(
      { ...analyse(good), here: () => Promise.reject((cancel.abort(), cancel.signal.reason as Error)) },
      { log: cancelled.log, lone, signal: cancel.signal },
    );

    await expect(failure).rejects.toThrow('it was opened here');
    await expect(cancellation).rejects.toThrow('aborted');
    expect(broken.open).toEqual(['a']);
    expect(cancelled.open).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('condemns nothing when the work is cancelled', async () => {
    const { log, open, condemned } = memoryLog();
    open.push('a');
    const cancel = new AbortController();
    // One that does not end by itself before the cancel comes.
    const patient = createLoneProcess({ maxBytes: 4e9 });

    const opened = openPhoto(analyse(heavy), { log, lone: patient, signal: cancel.signal }).catch(
      (error: unknown) => error,
    );
    await loneChild();
    cancel.abort();

    expect(await opened).toMatchObject({ message: expect.stringContaining('aborted') });
    expect(open).toEqual(['a']);
    expect([...condemned]).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('condemns nothing when somebody ends the process', async () => {
    const { log, open, condemned } = memoryLog();
    open.push('a');
    const patient = createLoneProcess({ maxBytes: 4e9 });

    const opened = openPhoto(analyse(heavy), { log, lone: patient }).catch((error: unknown) => error);
    process.kill(await loneChild(), 'SIGTERM');

    expect(await opened).toMatchObject({ message: expect.stringContaining('ended before it was done (SIGTERM)') });
    expect(open).toEqual(['a']);
    expect([...condemned]).toEqual([]);
  });
});

/** The process that was started for a photo. */
async function loneChild(): Promise<number> {
  for (;;) {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
      const parent = /^PPid:\s+(\d+)$/m.exec(await read('status'))?.[1];
      if (Number(parent) === process.pid && (await read('cmdline')).includes('lone-main')) return Number(pid);
    }
    await sleep(10);
  }
}
