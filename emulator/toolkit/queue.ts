import { answerJson } from './respond.ts';
import type { Call } from '../core/http.ts';
import type { Toolkit } from './toolkit.ts';

/** GET /api/queue. */
export function listQueues(toolkit: Toolkit, { res }: Call): void {
  answerJson(res, 200, { queues: toolkit.queues });
}

/** GET /api/queue/{gpu_ids}/start answers the old row; an absent queue is created running. */
export function startQueue(toolkit: Toolkit, { res }: Call, gpuIds: string): void {
  const queue = toolkit.queue(decodeURIComponent(gpuIds), true);
  answerJson(res, 200, { ...queue });
  queue.is_running = true;
  toolkit.worker.poke();
}

/** GET /api/queue/{gpu_ids}/stop answers the old row; the worker then sends running jobs back. */
export function stopQueue(toolkit: Toolkit, { res }: Call, gpuIds: string): void {
  const queue = toolkit.queues.find((candidate) => candidate.gpu_ids === decodeURIComponent(gpuIds));
  if (queue === undefined) return answerJson(res, 404, { error: 'Queue not found' });
  answerJson(res, 200, { ...queue });
  queue.is_running = false;
  toolkit.worker.poke();
}
