// A thread that bundles the workflows and hands the code over. Plain JavaScript: a thread has no loader for TypeScript.
import { parentPort, workerData } from 'node:worker_threads';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

const { code } = await bundleWorkflowCode({ ...workerData, logger: new DefaultLogger('WARN') });
// A thread's port has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort.postMessage(code);
