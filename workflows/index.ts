/** What a worker registers: only workflows, since every export becomes one. */
export { sweepPodsWorkflow } from './sweep-pods.ts';
export { trainLoraWorkflow } from './train-lora.ts';
