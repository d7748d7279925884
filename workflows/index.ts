/** What a worker registers: workflows only, because every export becomes one. */
export { checkDatasetWorkflow } from './check-dataset.ts';
export { sweepPodsWorkflow } from './sweep-pods.ts';
export { trainLoraWorkflow } from './train-lora.ts';
