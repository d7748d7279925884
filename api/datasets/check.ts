/** Checking a dataset without a training. */
import { TypedSearchAttributes } from '@temporalio/common';
import { parseBaseModel } from '../../core/base-model.ts';
import { recipeFaults, triggerWordFaults } from '../../core/recipe.ts';
import type { CheckRequest } from '../../workflows/contract.ts';
import { loraOwner } from '../../workflows/search-attributes.ts';
import type { ApiDeps } from '../deps.ts';
import { invalid, notFound } from '../errors.ts';
import type { CheckBody } from '../schemas/datasets.ts';
import { intervalFaults } from '../trainings/draft.ts';

/** Used when the caller has not decided yet: the README's trigger word and the most requested base model. */
const DEFAULTS = { triggerWord: 'ohwx', baseModel: 'flux' } as const;

/** Starts a check, or makes the running one repeat. Throws ApiError 404, 422, and 503 when Temporal does not answer. */
export async function checkDataset(deps: ApiDeps, userId: string, datasetId: string, body: CheckBody) {
  const { settings, temporal, repositories } = deps;
  const request = checkRequest(body, settings.allowTestIntervals === true);
  if (!(await repositories.datasets.ownsDataset(userId, datasetId))) throw notFound('dataset');
  await temporal.check({
    request,
    input: {
      datasetId,
      ...(body.intervals === undefined ? {} : { intervals: body.intervals }),
      ...(settings.taskQueues === undefined
        ? {}
        : { taskQueues: { io: settings.taskQueues.io, cpu: settings.taskQueues.cpu } }),
    },
    searchAttributes: new TypedSearchAttributes([{ key: loraOwner, value: userId }]),
  });
  return { datasetId, status: 'running' as const, report: `${settings.publicUrl}/v1/datasets/${datasetId}/report` };
}

function checkRequest(body: CheckBody, allowTestIntervals: boolean): CheckRequest {
  const { triggerWord = DEFAULTS.triggerWord, resolution, intervals } = body;
  const named = body.baseModel ?? DEFAULTS.baseModel;
  const baseModel = parseBaseModel(named);
  const faults = [...triggerWordFaults(triggerWord), ...recipeFaults({ resolution })];
  if (baseModel === null) faults.push(`baseModel "${named.slice(0, 40)}" is not known`);
  if (intervals !== undefined) faults.push(...intervalFaults(intervals, allowTestIntervals));
  if (baseModel === null || faults.length > 0) throw invalid(faults);
  return { triggerWord, baseModel, ...(resolution === undefined ? {} : { resolution }) };
}
