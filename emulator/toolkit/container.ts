import { handleToolkit } from './routes.ts';
import { Toolkit } from './state.ts';
import { Worker } from './worker.ts';
import type { Call } from '../core/http.ts';
import type { Container } from '../runpod/pod.ts';
import type { ToolkitOptions } from './state.ts';

/**
 * One AI Toolkit server (UI server + worker + trainers) as it runs in a pod; ostris/ai-toolkit@27a03a91, version
 * 0.12.26.
 */
export class ToolkitContainer implements Container {
  readonly #toolkit: Toolkit;
  readonly #worker: Worker;

  constructor(options: ToolkitOptions) {
    this.#toolkit = new Toolkit(options);
    this.#worker = new Worker(this.#toolkit);
  }

  handle(call: Call): Promise<void> {
    return handleToolkit(this.#toolkit, this.#worker, call);
  }

  async kill(): Promise<void> {
    await this.#worker.kill();
  }

  describe(): object {
    return {
      jobs: [...this.#toolkit.jobs.values()].map(({ id, name, status, step, info }) => ({
        id,
        name,
        status,
        step,
        info,
      })),
      processes: this.#worker.processes(),
    };
  }

  trainingsStarted(): number {
    return this.#worker.started;
  }
}
