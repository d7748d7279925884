import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { WorkflowBundle } from '@temporalio/worker';

/** Bundles the workflows in a thread that ends afterwards: the bundler's memory, 50 MB and more, is then given back. */
export async function bundleWorkflows(workflowsPath: string): Promise<WorkflowBundle> {
  const thread = new Worker(new URL('./bundle-thread.mjs', import.meta.url), { workerData: { workflowsPath } });
  try {
    // An error of the thread rejects this.
    const [code] = (await once(thread, 'message')) as [string];
    return { code };
  } finally {
    await thread.terminate();
  }
}
