import { answerJson } from './respond.ts';
import type { ToolkitRequest } from './request.ts';

/** GET /api/queue. */
export function listQueues({ toolkit, call: { res } }: ToolkitRequest): void {
  answerJson(res, 200, { queues: toolkit.queues });
}

/** GET /api/queue/{gpu_ids}/start answers the old row; an absent queue is created running. */
export function startQueue({ toolkit, worker, call: { res }, id: gpuIds }: ToolkitRequest): void {
  const queue = toolkit.queue(decodeURIComponent(gpuIds), true);
  answerJson(res, 200, { ...queue });
  queue.is_running = true;
  worker.poke();
}

/** GET /api/queue/{gpu_ids}/stop answers the old row; the worker then sends running jobs back. */
export function stopQueue({ toolkit, worker, call: { res }, id: gpuIds }: ToolkitRequest): void {
  const queue = toolkit.queues.find((candidate) => candidate.gpu_ids === decodeURIComponent(gpuIds));
  if (queue === undefined) return answerJson(res, 404, { error: 'Queue not found' });
  answerJson(res, 200, { ...queue });
  queue.is_running = false;
  worker.poke();
}
