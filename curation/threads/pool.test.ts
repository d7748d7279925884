import { expect, test } from 'vitest';
import { createThreadPool } from './pool.ts';

test('the threads of one crowd of tasks serve the next one too', async () => {
  const pool = createThreadPool({ file: new URL('./thread-id.fixture.ts', import.meta.url), threads: 2 });
  const crowd = async () =>
    new Set(await Promise.all(Array.from({ length: 12 }, () => pool.run<number>('whoWorks', 30))));

  const first = await crowd();
  const alone = await pool.run<number>('whoWorks', 30);
  const second = await crowd();
  await pool.stop();

  expect(first.size).toBe(2);
  expect(first).toContain(alone);
  expect(second).toEqual(first);
});
