import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { linkSignals, TimeLimitError, waitFor, withTimeLimit } from './time-limit.ts';

const run = promisify(execFile);

/** Never ends by itself. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
}

describe('after garbage collections', () => {
  /** Runs code with `limits` in a process that collects garbage all the time, and answers what it prints. */
  async function collecting(code: string): Promise<string> {
    const script = `
      import * as limits from ${JSON.stringify(new URL('time-limit.ts', import.meta.url).href)};
      const collecting = setInterval(() => gc(), 20);
      const outer = new AbortController();
      ${code}
      clearInterval(collecting);`;
    const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', script];
    return (await run(process.execPath, args)).stdout.trim();
  }

  test('the time limit of a call fires', async () => {
    const printed = await collecting(`
      await limits
        .withTimeLimit(400, outer.signal, (signal) => new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason))))
        .catch((error) => console.log(error.name));`);

    expect(printed).toBe('TimeoutError');
  });

  test('the time limit of a call fires when nothing but a loop looks at its signal', async () => {
    const printed = await collecting(`
      await limits.withTimeLimit(400, outer.signal, async (signal) => {
        while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
        signal.throwIfAborted();
      }).catch((error) => console.log(error.name));`);

    expect(printed).toBe('TimeoutError');
  });

  test('a limit that outlives the call fires', async () => {
    const printed = await collecting(`
      const { signal } = limits.linkSignals([outer.signal], 400);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      console.log(signal.reason.name);`);

    expect(printed).toBe('TimeoutError');
  });
});

describe('withTimeLimit', () => {
  test('answers what the work answers, and lets go of the outer signal and the timer', async () => {
    const outer = new AbortController();
    let seen: AbortSignal | undefined;

    const answer = await withTimeLimit(20, outer.signal, async (signal) => ((seen = signal), 'done'));
    await sleep(40);
    outer.abort();

    expect(answer).toBe('done');
    expect(seen?.aborted).toBe(false);
  });

  test('says that the time was up, and keeps what the work said', async () => {
    const cause = new Error('socket hang up');
    const late = withTimeLimit(10, undefined, (signal) =>
      untilAborted(signal).catch(() => {
        throw cause;
      }),
    );

    await expect(late).rejects.toMatchObject({ name: 'TimeoutError', message: 'Not done within 10 ms', cause });
    await expect(late).rejects.toBeInstanceOf(TimeLimitError);
  });

  test('throws the outer signal’s own reason', async () => {
    const outer = new AbortController();
    const reason = new Error('cancelled');
    const call = withTimeLimit(60_000, outer.signal, untilAborted);
    outer.abort(reason);

    await expect(call).rejects.toBe(reason);
  });

  test('begins nothing when the outer signal is aborted already', async () => {
    const reason = new Error('cancelled');
    let begun = false;
    const call = withTimeLimit(60_000, AbortSignal.abort(reason), async () => {
      begun = true;
    });

    await expect(call).rejects.toBe(reason);
    expect(begun).toBe(false);
  });

  test('leaves an error alone that came in time', async () => {
    const error = new Error('refused');
    const call = withTimeLimit(60_000, undefined, () => Promise.reject(error));

    await expect(call).rejects.toBe(error);
  });
});

describe('linkSignals', () => {
  test('aborts with the first that is aborted, also one that was before', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const linked = linkSignals([first.signal, undefined, second.signal]);
    second.abort('second');
    first.abort('first');

    expect(linked.signal.reason).toBe('second');
    expect(linkSignals([first.signal]).signal.reason).toBe('first');
  });

  test('is quiet once it is released', async () => {
    const outer = new AbortController();
    const linked = linkSignals([outer.signal], 10);
    linked.release();
    await sleep(30);
    outer.abort();

    expect(linked.signal.aborted).toBe(false);
  });
});

describe('waitFor', () => {
  test('answers what the others get', async () => {
    expect(await waitFor(Promise.resolve('shared'), new AbortController().signal)).toBe('shared');
    await expect(waitFor(Promise.reject(new Error('no')), new AbortController().signal)).rejects.toThrow('no');
  });

  test('leaves when it is aborted, whatever becomes of the work', async () => {
    const abort = new AbortController();
    let fail = (_: Error) => {};
    const shared = new Promise((_, reject) => (fail = reject));
    const waiting = waitFor(shared, abort.signal);
    abort.abort(new Error('cancelled'));

    await expect(waiting).rejects.toThrow('cancelled');
    // Nobody listens any more: that must not count as an unhandled rejection.
    fail(new Error('later'));
    await expect(waitFor(shared, AbortSignal.abort(new Error('before')))).rejects.toThrow(/before|later/);
  });
});
