import type { Call } from '../core/http.ts';
import type { Toolkit } from './state.ts';
import type { Worker } from './worker.ts';

/** What a handler of AI Toolkit's web app gets. */
export interface ToolkitRequest {
  toolkit: Toolkit;
  worker: Worker;
  call: Call;
  /** The raw segment of the path that names a job, or a queue by its GPUs; else empty. */
  id: string;
}

export type Handler = (request: ToolkitRequest) => Promise<void> | void;
