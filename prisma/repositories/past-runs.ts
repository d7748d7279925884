/** Finished runs of this installation, for quotes and for detecting slow pods. */
import type { BaseModel } from '../../core/base-model.ts';
import type { PastRun } from '../../core/quote.ts';
import { resolveRecipe } from '../../core/recipe.ts';
import { workPerStep } from '../../core/speed.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import type { Database } from '../client.ts';

/** Enough for percentiles, few enough that old prices and trainer versions fade out. */
const RUNS = 200;

/** The latest undisturbed runs of a base model: one pod, from step 0 to the end. */
export async function pastRuns(database: Database, baseModel: BaseModel): Promise<PastRun[]> {
  const attempts = await database.trainingAttempt.findMany({
    where: {
      status: 'succeeded',
      resumedFromStep: null,
      secondsPerStep: { gt: 0 },
      lastStep: { gt: 0 },
      loraModel: { baseModel },
    },
    select: {
      secondsPerStep: true,
      lastStep: true,
      loraModel: { select: { config: true, triggerWord: true } },
      pods: { select: { gpu: true, createdAt: true, terminatedAt: true } },
    },
    orderBy: { endedAt: 'desc' },
    take: RUNS,
  });
  return attempts.flatMap(({ secondsPerStep, lastStep, loraModel, pods }): PastRun[] => {
    const [pod] = pods;
    if (pods.length !== 1 || !pod?.gpu || !pod.createdAt || !pod.terminatedAt || secondsPerStep === null) return [];
    const { recipe } = loraModel.config as unknown as TrainingRequest;
    const rentMs = pod.terminatedAt.getTime() - pod.createdAt.getTime();
    return [
      {
        gpu: pod.gpu,
        secondsPerStep: secondsPerStep / workPerStep(resolveRecipe(baseModel, loraModel.triggerWord, recipe)),
        overheadMs: Math.max(0, rentMs - lastStep * secondsPerStep * 1_000),
      },
    ];
  });
}
