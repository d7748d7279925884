/**
 * Activities for the `cpu` role: as many at once as there are cores. Loaded only by that role, because it loads
 * libvips.
 */
import { checkDataset } from './check-dataset.ts';
import { curateDataset } from './curate-dataset.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withFailures } from './failures.ts';
import { ofItsRun } from './run-fence.ts';
import { tellingWhyItWaits } from './waiting.ts';

export function createCpuActivities(deps: ActivityDependencies) {
  return withFailures({
    curateDataset: ofItsRun(deps, tellingWhyItWaits(deps, curateDataset(deps))),
    checkDataset: checkDataset(deps),
  });
}

export type CpuActivities = ReturnType<typeof createCpuActivities>;
