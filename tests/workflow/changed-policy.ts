/** The workflow of a training over a failure table that differs in one row, as the run's input says. */
import { FAILURE_POLICY } from '../../core/failure.ts';
import type { FailureCode, FailurePolicy } from '../../core/failure.ts';
import type { TrainLoraInput, TrainLoraResult } from '../../workflows/contract.ts';
import { trainLoraWorkflow as trainLora } from '../../workflows/train-lora.ts';

/** Fields of one row of the table. */
export interface PolicyChange {
  readonly code: FailureCode;
  readonly fields: Partial<Record<keyof Extract<FailurePolicy, { action: 'new_attempt' }>, unknown>>;
}

export interface ChangedPolicyInput extends TrainLoraInput {
  readonly change: PolicyChange | null;
}

export async function trainLoraWorkflow({ change, ...input }: ChangedPolicyInput): Promise<TrainLoraResult> {
  // Each run has the modules to itself, and so the table.
  if (change !== null) Object.assign(FAILURE_POLICY[change.code], change.fields);
  return await trainLora(input);
}
