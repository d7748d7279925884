import { UP_AT_ONCE } from '../emulator/client.ts';
import type { BenchStack } from './bench-stack.ts';
import { eventsOf } from './history.ts';
import type { DrawnPhoto } from './photos.ts';
import { summarise } from './statistics.ts';
import { trainOnce } from './train-once.ts';

const STEP_MS = 1_000;
const SHORT_STEPS = 15;
const TIMES = 10;
const OF_EACH = 3;

/** History of trainings that differ only in their length: ten times the steps, checkpoints and time. */
export async function measureLengths(stack: BenchStack, photos: readonly DrawnPhoto[]) {
  const datasetId = await stack.addDataset(photos);
  await stack.world.configure({
    loraBytes: 100_000,
    delaysMs: { ...UP_AT_ONCE, step: STEP_MS },
  });
  const train = (steps: number) =>
    Promise.all(
      Array.from({ length: OF_EACH }, async () => {
        const { id } = await trainOnce(
          stack,
          { datasetId, recipe: { steps, checkpointInterval: SHORT_STEPS } },
          LIMIT_MS,
        );
        return (await eventsOf(stack.temporal, id)).length;
      }),
    );
  const [short, long] = await Promise.all([train(SHORT_STEPS), train(SHORT_STEPS * TIMES)]);
  return {
    short: { seconds: (SHORT_STEPS * STEP_MS) / 1_000, events: summarise(short) },
    long: { seconds: (SHORT_STEPS * TIMES * STEP_MS) / 1_000, events: summarise(long) },
  };
}

const LIMIT_MS = 600_000;
