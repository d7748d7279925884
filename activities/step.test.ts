import { getEventListeners } from 'node:events';
import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { currentStep } from './step.ts';

describe('a step’s sleep', () => {
  it('is interrupted by a cancel, which it throws', async () => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(async () => {
      const step = currentStep();
      const sleeping = step.sleep(600_000);
      environment.cancel('CANCELLED');
      await sleeping;
    });

    await expect(running).rejects.toBeInstanceOf(CancelledFailure);
  });

  it('leaves nothing behind, however often', async () => {
    const [during, after] = (await new MockActivityEnvironment().run(async () => {
      const step = currentStep();
      const asleep = step.sleep(1);
      const listeners = getEventListeners(step.signal, 'abort').length;
      await asleep;
      return [listeners, getEventListeners(step.signal, 'abort').length];
    })) as number[];

    expect([during, after]).toEqual([1, 0]);
  });
});
