import type { ActivityDependencies } from './dependencies.ts';
import { LIST_AGE_MS, podEnd } from './on-pod.ts';
import { sessionOf } from './session.ts';
import { currentStep, keepAlive } from './step.ts';

export interface AwaitPodReadyInput {
  readonly trainingId: string;
  /** Absent in runs that started before runs could be taken over. */
  readonly attempt?: number;
  readonly podName: string;
  readonly podId: string;
  /** Epoch milliseconds: when the pod was created. */
  readonly createdAtMs: number;
  readonly podReadyTimeoutMs: number;
  readonly readyPollMs: number;
}

export type PodReadiness =
  | { readonly status: 'ready' }
  /** The pod is unusable: terminate it and rent another one. */
  | { readonly status: 'not_ready'; readonly message: string };

/** First pause between polls: a warm host is up within seconds. Milliseconds. */
const FIRST_POLL_MS = 50;
const POLL_GROWTH = 1.2;

/**
 * Waits until the trainer itself answers through the proxy and accepts our password: the vendor's RUNNING says little,
 * and a 200 may be a start page. The vendor's list is checked now and then for pods that died while booting.
 */
export function awaitPodReady(deps: ActivityDependencies) {
  return async (input: AwaitPodReadyInput): Promise<PodReadiness> => {
    const step = currentStep();
    const { podId, podName } = input;
    const session = sessionOf(deps, input);
    const deadline = input.createdAtMs + input.podReadyTimeoutMs;
    let pauseMs = FIRST_POLL_MS;
    let nextListAt = Date.now() + 1_000;
    let why = 'it has not been asked yet';
    for (;;) {
      step.heartbeat();
      const probe = await session.probe(step.signal);
      if (probe.ready) {
        await deps.repositories.pods.recordPodReady(podName);
        return { status: 'ready' };
      }
      why = probe.why;
      if (Date.now() >= nextListAt) {
        // No answer proves nothing: the deadline decides.
        const end = await keepAlive(step, podEnd(deps, podId, step.signal));
        if (end) return { status: 'not_ready', message: `The pod ${end} while booting` };
        nextListAt = Date.now() + LIST_AGE_MS;
      }
      if (Date.now() >= deadline) {
        return {
          status: 'not_ready',
          message: `The trainer was not up after ${Math.round(input.podReadyTimeoutMs / 1_000)} s: ${why}`,
        };
      }
      await step.sleep(pauseMs);
      pauseMs = Math.min(input.readyPollMs, pauseMs * POLL_GROWTH);
    }
  };
}
