import { describe, expect, it } from 'vitest';
import { createTrainerLog } from './trainer-log.ts';

const SAVE =
  '\nSaving at step 250\nSaved checkpoint to /out/x_000000250.safetensors\nSaved optimizer to /out/optimizer.pt\n';

describe('createTrainerLog', () => {
  it('knows a save as whole once its optimizer is written', () => {
    const log = createTrainerLog();
    log.add('Loading model\n\nSaving at step 250\nSaved checkpoint to /out/x_000000250.safetensors\n');
    const before = log.wholeSave;
    log.add('Saved optimizer to /out/optimizer.pt\n');

    expect([before, log.wholeSave]).toEqual([null, 250]);
  });

  it('forgets the save before while a newer one is under way', () => {
    const log = createTrainerLog();
    log.add(SAVE);
    log.add('x: 50%|#####     | 500/1000\rSaving at step 500\n');

    expect(log.wholeSave).toBeNull();
  });

  it('reads lines that come in pieces', () => {
    const log = createTrainerLog();
    for (const character of SAVE) log.add(character);

    expect(log.wholeSave).toBe(250);
  });

  it('tells whether the optimizer was loaded', () => {
    const [none, loaded, failed] = [createTrainerLog(), createTrainerLog(), createTrainerLog()];
    loaded.add('Loading optimizer state from /out/optimizer.pt\nUpdating optimizer LR from params\n');
    failed.add(
      'Loading optimizer state from /out/optimizer.pt\nFailed to load optimizer state from /out/optimizer.pt\n',
    );

    expect([none.optimizer, loaded.optimizer, failed.optimizer]).toEqual(['none', 'loaded', 'failed']);
  });
});
