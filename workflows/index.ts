/** What a worker registers: only workflows, since every export becomes one. */
export { checkDatasetWorkflow } from './check-dataset.ts';
export { sweepPodsWorkflow } from './sweep-pods.ts';
export { trainLoraWorkflow } from './train-lora.ts';
