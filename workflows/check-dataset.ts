/** A check: curates a dataset once, and once more if it was requested again while it ran. */
import { condition, isCancellation, proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { ApplicationFailure } from '@temporalio/common';
import type { CheckedDataset } from '../activities/check-dataset.ts';
import type { CpuActivities } from '../activities/cpu.ts';
import { DEFAULT_INTERVALS } from '../core/interval.ts';
import { activityOptions } from './activity-options.ts';
import { TASK_QUEUES, checkAgain } from './contract.ts';
import type { CheckDatasetInput, CheckRequest } from './contract.ts';
import { failureOf } from './outcome.ts';

/**
 * Checks one dataset. Started with the signal `checkAgain`, so that a request joins the running check or starts one and
 * is never lost: an override made while a check was running is in the report of the next round.
 */
export async function checkDatasetWorkflow(input: CheckDatasetInput): Promise<CheckedDataset> {
  const queues = input.taskQueues ?? { io: TASK_QUEUES.io, cpu: TASK_QUEUES.cpu };
  const { curate } = activityOptions({ ...DEFAULT_INTERVALS, ...input.intervals }, queues);
  const { checkDataset } = proxyActivities<CpuActivities>({ ...curate, summary: 'check every photo' });
  let wanted: CheckRequest | null = null;
  setHandler(
    checkAgain,
    (request) => {
      wanted = request;
    },
    { description: 'Checks the dataset once more, with the options and overrides that it has by then.' },
  );
  const next = (): CheckRequest | null => {
    const request = wanted;
    wanted = null;
    return request;
  };

  await condition(() => wanted !== null);
  let checked: CheckedDataset | null = null;
  for (let request = next(); request !== null; request = next()) {
    try {
      checked = await checkDataset({ datasetId: input.datasetId, ...request });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { code, message } = failureOf(error);
      throw ApplicationFailure.create({ type: code, message, nonRetryable: true });
    }
    const { verdict, kept, reserved, dropped } = checked;
    setCurrentDetails(`**${verdict}**: ${kept} kept, ${reserved} in reserve, ${dropped} dropped`);
  }
  return checked!;
}
