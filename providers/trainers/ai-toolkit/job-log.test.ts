import { describe, expect, it } from 'vitest';
import { createJobLog } from './job-log.ts';

const SAVE =
  '\nSaving at step 250\nSaved checkpoint to /out/x_000000250.safetensors\nSaved optimizer to /out/optimizer.pt\n';

const FINAL = 'Saved checkpoint to /out/x.safetensors\nSaved optimizer to /out/optimizer.pt\n';

describe('createJobLog', () => {
  it('knows how far a save has come', () => {
    const log = createJobLog();
    const states = SAVE.split(/(?<=\n)/).map((line) => {
      log.add(line);
      return log.save?.state;
    });

    expect(states).toEqual([undefined, 'begun', 'weights', 'whole']);
    expect(log.save).toEqual({ step: 250, number: 1, state: 'whole' });
  });

  it('forgets the save before while a newer one is under way', () => {
    const log = createJobLog();
    log.add(SAVE);
    log.add('x: 50%|#####     | 500/1000\rSaving at step 500\n');

    expect(log.save).toEqual({ step: 500, number: 2, state: 'begun' });
  });

  it('takes the optimizer of the final save, which is not announced, for that of no checkpoint', () => {
    const log = createJobLog();
    log.add(SAVE);
    const saves = FINAL.split(/(?<=\n)/).map((line) => {
      log.add(line);
      return log.save;
    });

    expect(saves).toEqual([null, null]);
  });

  it.each([
    [
      'that could not be saved',
      `${SAVE}Saving at step 500\nSaved checkpoint to /out/x_000000500.safetensors\nCould not save optimizer\n`,
    ],
    ['without weights before it', `Saving at step 500\nSaved optimizer to /out/optimizer.pt\n`],
    [
      'of other weights',
      `Saving at step 500\nSaved checkpoint to /out/x_000000250.safetensors\nSaved optimizer to /out/optimizer.pt\n`,
    ],
    [
      'of a log whose beginning is missing',
      `Saved checkpoint to /out/x_000000500.safetensors\nSaved optimizer to /out/optimizer.pt\n`,
    ],
  ])('knows no whole save from an optimizer %s', (_, text) => {
    const log = createJobLog();
    log.add(text);

    expect(log.save?.state).not.toBe('whole');
  });

  it('tells a second save of a step from the first', () => {
    const log = createJobLog();
    log.add(SAVE);
    log.add(SAVE);

    expect(log.save).toEqual({ step: 250, number: 2, state: 'whole' });
    expect([log.timesSaved(250), log.timesSaved(500)]).toEqual([2, 0]);
  });

  it('reads lines that come in pieces', () => {
    const log = createJobLog();
    for (const character of SAVE) log.add(character);

    expect(log.save).toMatchObject({ step: 250, state: 'whole' });
  });

  it('tells whether the optimizer was loaded', () => {
    const [none, loaded, failed] = [createJobLog(), createJobLog(), createJobLog()];
    loaded.add('Loading optimizer state from /out/optimizer.pt\nUpdating optimizer LR from params\n');
    failed.add(
      'Loading optimizer state from /out/optimizer.pt\nFailed to load optimizer state from /out/optimizer.pt\n',
    );

    expect([none.optimizer, loaded.optimizer, failed.optimizer]).toEqual(['none', 'loaded', 'failed']);
  });
});
