import { describe, expect, it } from 'vitest';
import { newestCheckpoint, optimizerFilename } from './checkpoint.ts';
import type { CheckpointFile } from './checkpoint.ts';

function file(
  kind: CheckpointFile['kind'],
  attempt: number,
  step: number,
  filename = `${kind}-${step}`,
): CheckpointFile {
  return { kind, attempt, step, filename, sizeBytes: 1, sha256: '', storageKey: `${attempt}/${filename}` };
}

const FLUX = { filesPerSave: 1, steps: 1_000 };

describe('newestCheckpoint', () => {
  it('takes the newest save that has its optimizer', () => {
    const files = [
      file('weights', 1, 250),
      file('optimizer', 1, 250),
      file('weights', 1, 500),
      file('optimizer', 1, 500),
    ];

    expect(newestCheckpoint(files, FLUX)).toMatchObject({ step: 500, optimizer: { step: 500 } });
  });

  it('prefers an older save with optimizer to slightly newer weights', () => {
    const files = [file('weights', 1, 250), file('optimizer', 1, 250), file('weights', 1, 500)];

    expect(newestCheckpoint(files, FLUX)).toMatchObject({ step: 250 });
  });

  it('takes weights alone when they are far ahead, or all there is', () => {
    const far = [file('weights', 1, 100), file('optimizer', 1, 100), file('weights', 1, 900)];

    expect(newestCheckpoint(far, FLUX)).toMatchObject({ step: 900, optimizer: null });
    expect(newestCheckpoint([file('weights', 1, 100)], FLUX)).toMatchObject({ step: 100, optimizer: null });
  });

  it('needs both files of a Wan save', () => {
    const wan = { filesPerSave: 2, steps: 1_000 };
    const files = [
      file('weights', 1, 250, 'a_high_noise'),
      file('weights', 1, 250, 'a_low_noise'),
      file('optimizer', 1, 250),
      file('weights', 1, 500, 'b_high_noise'),
      file('optimizer', 1, 500),
    ];

    const newest = newestCheckpoint(files, wan);

    expect(newest).toMatchObject({ step: 250 });
    expect(newest!.weights).toHaveLength(2);
  });

  it('takes the latest attempt of those that reached a step, and never mixes two', () => {
    const files = [file('weights', 1, 250), file('optimizer', 2, 250), file('weights', 2, 250)];

    expect(newestCheckpoint(files, FLUX)).toMatchObject({ attempt: 2, step: 250, weights: [{ attempt: 2 }] });
  });

  it('finds nothing in nothing', () => {
    expect(newestCheckpoint([], FLUX)).toBeNull();
    expect(newestCheckpoint([file('optimizer', 1, 250)], FLUX)).toBeNull();
  });
});

describe('optimizerFilename', () => {
  it('has the step with nine digits', () => {
    expect(optimizerFilename(250)).toBe('optimizer_000000250.pt');
  });
});
