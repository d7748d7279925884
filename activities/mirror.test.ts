/** Which files of a pod the mirror takes for a save, whatever the trainer does while it looks. The pod is a folder in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { optimizerFilename } from '../core/checkpoint.ts';
import { resolveRecipe } from '../core/recipe.ts';
import { createFilesystemStore } from '../providers/storage/filesystem.ts';
import type { MirroredFile } from '../prisma/repositories/checkpoints.ts';
import type { Job } from '../providers/backends/job.ts';
import { createAiToolkitTrainer } from '../providers/trainers/ai-toolkit/trainer.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createMirror } from './mirror.ts';
import type { Mirror } from './mirror.ts';
import { currentStep } from './step.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tempera-mirror-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A safetensors file with one tensor, or a zip with nothing in it, that differ by their version only. */
function weightsOf(version: number): Buffer {
  const header = Buffer.from(JSON.stringify({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.from([version])]);
}
function optimizerOf(version: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  return Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), Buffer.from([version]), end]);
}

/** A pod whose trainer saves when it is told to, and what of it is at home. */
function podAndHome() {
  const disk = new Map<string, Buffer>();
  const asked: string[] = [];
  let text = '';
  /** What happens on the pod before a file is handed out. */
  let beforeOpen = (_: string): void | Promise<void> => {};
  const rows = new Map<string, MirroredFile>();
  const store = createFilesystemStore({ root: folder, secret: 'x'.repeat(32), publicUrl: 'http://api.test' });
  const { createLog, createOptimizerCheck } = createAiToolkitTrainer().at({ baseUrl: '', password: '' }).job('');
  const job = {
    createLog,
    createOptimizerCheck,
    log: async (offset: number) => {
      asked.push('log');
      return { text: text.slice(offset), offset: text.length, isNew: false };
    },
    files: async () => {
      asked.push('files');
      return [...disk].flatMap(([filename, { length: sizeBytes }]) => {
        if (!filename.endsWith('.safetensors')) return [];
        const step = /_(\d{9})\./.exec(filename)?.[1];
        return [{ filename, path: filename, sizeBytes, step: step === undefined ? null : Number(step) }];
      });
    },
    optimizerState: async () => ({ path: 'optimizer.pt', sizeBytes: disk.get('optimizer.pt')!.length }),
    samples: async () => [],
    open: async (path: string) => {
      const bytes = disk.get(path)!;
      await beforeOpen(path);
      return Readable.from([bytes]);
    },
  } as unknown as Job;
  const attempts = { findResume: async () => null };
  const checkpoints = {
    mirroredFilenames: async () => [...rows.keys()],
    recordCheckpoint: async (file: MirroredFile) => {
      const before = rows.get(file.filename)?.storageKey ?? null;
      rows.set(file.filename, file);
      return { status: 'recorded', replaced: before };
    },
    forgetFile: async ({ filename }: Pick<MirroredFile, 'filename'>) => {
      const before = rows.get(filename)?.storageKey ?? null;
      rows.delete(filename);
      return before;
    },
    checkpointFiles: async () => [],
  };
  const deps = {
    store,
    repositories: { attempts, checkpoints },
    keepCheckpoints: 4,
  } as unknown as ActivityDependencies;
  const weightsName = (step: number) => `x_${String(step).padStart(9, '0')}.safetensors`;
  return {
    deps,
    job,
    asked,
    begin: (step: number) => void (text += `\nSaving at step ${step}\n`),
    weights(step: number, version: number) {
      disk.set(weightsName(step), weightsOf(version));
      text += `Saved checkpoint to /out/${weightsName(step)}\n`;
    },
    optimizer(version: number) {
      disk.set('optimizer.pt', optimizerOf(version));
      text += 'Saved optimizer to /out/optimizer.pt\n';
    },
    finalWeights: () => void (text += 'Saved checkpoint to /out/x.safetensors\n'),
    onOpen: (happen: typeof beforeOpen) => void (beforeOpen = happen),
    /** Versions at home, by what they are. */
    async atHome(step: number): Promise<{ weights: number | null; optimizer: number | null }> {
      const version = async (filename: string, at: number): Promise<number | null> => {
        const row = rows.get(filename);
        if (row === undefined) return null;
        const object = await store.get(row.storageKey);
        return Buffer.concat(await object!.body.toArray()).at(at)!;
      };
      return { weights: await version(weightsName(step), -1), optimizer: await version(optimizerFilename(step), 4) };
    },
  };
}

type Pod = ReturnType<typeof podAndHome>;

/** Runs with a mirror of a training of 100 steps, saved every 20. `look` tells it a row and waits until it has fetched. */
async function mirrored(
  pod: Pod,
  run: (look: (step: number, info?: string) => Promise<void>, mirror: Mirror) => Promise<void>,
) {
  await new MockActivityEnvironment().run(async () => {
    const recipe = resolveRecipe('flux', 'ohwx', { steps: 100, checkpointInterval: 20 });
    const params = { trainingId: 't', attempt: 1, job: pod.job, recipe };
    const mirror = await createMirror(pod.deps, params, currentStep());
    const never = new AbortController().signal;
    const look = async (step: number, info = 'Training') => {
      mirror.advance({ state: 'running', step, info });
      // Waits for what is under way; a look by itself asks for the log only.
      await mirror.look({ state: 'running', step, info }, never);
    };
    try {
      await run(look, mirror);
    } finally {
      await mirror.close();
    }
  });
}

describe('a mirror', () => {
  it('fetches a save that is made after its step is in the row, and lists no files before', async () => {
    const pod = podAndHome();
    await mirrored(pod, async (look) => {
      pod.begin(20);
      pod.weights(20, 1);
      pod.optimizer(1);
      await look(21);
      pod.asked.length = 0;
      await look(39);
      await look(40);
      expect(pod.asked).not.toContain('files');
      pod.begin(40);
      await look(40, 'Saving model');
      expect(pod.asked).not.toContain('files');
      pod.weights(40, 2);
      await look(40, 'Saving model');
      expect(await pod.atHome(40)).toEqual({ weights: 2, optimizer: null });
      pod.optimizer(2);
      await look(40, 'Generating images - 1/4');
      expect(await pod.atHome(40)).toEqual({ weights: 2, optimizer: 2 });
    });
  });

  it('looks where the row has gone on even when it has missed all of the save', async () => {
    const pod = podAndHome();
    await mirrored(pod, async (look, mirror) => {
      await look(20);
      expect(mirror.nextDueStep(20)).toBe(21);
      pod.begin(20);
      pod.weights(20, 1);
      pod.optimizer(1);
      await look(21);
      expect(await pod.atHome(20)).toEqual({ weights: 1, optimizer: 1 });
      expect([mirror.nextDueStep(21), mirror.nextDueStep(40), mirror.nextDueStep(81)]).toEqual([41, 41, 100]);
    });
  });

  it('takes no optimizer that the final save wrote over while it came', async () => {
    const pod = podAndHome();
    pod.begin(80);
    pod.weights(80, 1);
    pod.optimizer(1);
    pod.onOpen((path) => {
      if (path === 'optimizer.pt') pod.finalWeights();
    });
    await mirrored(pod, async (look) => {
      await look(100, 'Saving model');
      expect(await pod.atHome(80)).toEqual({ weights: 1, optimizer: null });
    });
  });

  it('leaves alone what another mirror has recorded meanwhile', async () => {
    const pod = podAndHome();
    pod.begin(20);
    pod.weights(20, 1);
    pod.optimizer(1);
    pod.onOpen(async (path) => {
      if (path !== 'optimizer.pt') return;
      pod.onOpen(() => {});
      // A save that a person asked for is copied beside the watch, and then the next one begins.
      await mirrored(pod, (other) => other(21));
      pod.begin(40);
    });
    await mirrored(pod, (look) => look(21));

    expect(await pod.atHome(20)).toEqual({ weights: 1, optimizer: 1 });
  });

  it('takes no weights that were written over while they came', async () => {
    const pod = podAndHome();
    pod.begin(20);
    pod.weights(20, 1);
    pod.onOpen(() => {
      pod.onOpen(() => {});
      pod.begin(20);
    });
    await mirrored(pod, async (look) => {
      await look(20);
      expect(await pod.atHome(20)).toEqual({ weights: null, optimizer: null });
      pod.weights(20, 2);
      pod.optimizer(2);
      await look(20);
      expect(await pod.atHome(20)).toEqual({ weights: 2, optimizer: 2 });
    });
  });

  it('puts no optimizer of a second save beside the weights of the first', async () => {
    const pod = podAndHome();
    await mirrored(pod, async (look) => {
      pod.begin(20);
      pod.weights(20, 1);
      await look(20);
      pod.begin(20);
      pod.weights(20, 2);
      pod.optimizer(2);
      await look(21);
      expect(await pod.atHome(20)).toEqual({ weights: 2, optimizer: 2 });
    });
  });
});
