/** The stories whose histories are kept: every released version of the workflow must go on replaying them. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { datasetCheckWorkflowId } from '../../workflows/contract.ts';
import { until } from '../e2e/installation.ts';
import type { Installation } from '../e2e/installation.ts';

export const SCENARIOS = ['success', 'failed', 'cancelled', 'retried', 'halted', 'checked'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Plays a story to its end and returns its history as JSON, without what is of the machine that recorded it. */
export async function playScenario(tempera: Installation, datasetId: string, scenario: Scenario): Promise<object> {
  const { addFault, clearFaults } = tempera.world;
  await clearFaults();
  const hubDestination = [{ kind: 'huggingface', repo: `tempera-demo/replay-${scenario}` }];
  switch (scenario) {
    case 'success': {
      const id = await tempera.start({ datasetId, destinations: hubDestination });
      await tempera.handle(id).result();
      return await historyOf(tempera, id);
    }
    case 'failed': {
      await addFault({ at: 'trainer', effect: 'exit', step: 5, times: 3 });
      const id = await tempera.start({ datasetId, intervals: { retryWindowMs: 50 } });
      await tempera
        .handle(id)
        .result()
        .catch(() => undefined);
      return await historyOf(tempera, id);
    }
    case 'cancelled': {
      await addFault({ at: 'trainer', effect: 'hang', step: 5 });
      const id = await tempera.start({ datasetId });
      await tempera.until(id, 'training', 'training');
      await tempera.http.post(`/v1/trainings/${id}/cancel`);
      await tempera
        .handle(id)
        .result()
        .catch(() => undefined);
      return await historyOf(tempera, id);
    }
    case 'retried': {
      await addFault({ at: 'trainer', effect: 'hang', step: 5 });
      const id = await tempera.start({ datasetId });
      await tempera.until(id, 'training', 'training');
      // The trainer takes its fault when it starts, so the next ones can be laid only then.
      await until(async () => (await tempera.training(id)).progress.step > 0);
      await addFault({ at: 'trainer', effect: 'exit', step: 5, times: 3 });
      await tempera.http.post(`/v1/trainings/${id}/retry`);
      await tempera.until(id, 'failed', 'awaiting_retry');
      await tempera.http.post(`/v1/trainings/${id}/retry`, { overrides: { steps: 25 } });
      await tempera.handle(id).result();
      return await historyOf(tempera, id);
    }
    case 'halted': {
      const { configure } = tempera.world;
      await configure({ delaysMs: { step: 50 } });
      // About 15 s of rent at 0.70 USD an hour; on a busy machine the ceiling may come before the pause, which replays as well.
      const id = await tempera.start({
        datasetId,
        maxCostUsd: 0.003,
        compute: { gpus: ['NVIDIA GeForce RTX 4090'] },
        recipe: { steps: 2_000, checkpointInterval: 1_000, sampleInterval: 0 },
        intervals: { budgetSaveMs: 4_000, budgetTeardownMs: 3_000, heartbeatTimeoutMs: 3_000 },
      });
      await until(async () => (await tempera.training(id)).progress.step > 0);
      await tempera.http.post(`/v1/trainings/${id}/save-now`);
      await tempera.http.post(`/v1/trainings/${id}/pause`);
      await until(async () => ['paused', 'awaiting_retry'].includes((await tempera.training(id)).phase));
      await tempera.http.post(`/v1/trainings/${id}/resume`);
      await tempera.until(id, 'failed', 'awaiting_retry');
      await configure({ delaysMs: { step: 0 } });
      await tempera.http.post(`/v1/trainings/${id}/budget`, { maxCostUsd: 1 });
      await tempera.handle(id).result();
      return await historyOf(tempera, id);
    }
    case 'checked': {
      const handle = tempera.temporal.workflow.getHandle(datasetCheckWorkflowId(datasetId));
      const check = `/v1/datasets/${datasetId}/check`;
      await tempera.http.post(check, { triggerWord: 'mia', baseModel: 'sdxl', resolution: [512, 1_024] });
      // Comes while the first look is under way: the same run looks once more.
      await tempera.http.post(check);
      await handle.result();
      return toJson(await handle.fetchHistory());
    }
  }
}

async function historyOf(tempera: Installation, id: string): Promise<object> {
  return toJson(await tempera.handle(id).fetchHistory());
}

function toJson(history: Parameters<typeof historyToJSON>[0]): object {
  return JSON.parse(historyToJSON(history), (name, value: unknown) =>
    OF_THE_MACHINE.has(name) ? '' : value,
  ) as object;
}

/** Host names, process ids and paths. */
const OF_THE_MACHINE = new Set(['identity', 'stackTrace']);
