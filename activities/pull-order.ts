import type { RecipeOverrides } from '../core/recipe.ts';
import { chooseCheckpoint, storeObstacle } from './choose-checkpoint.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * How long a pod may take from being ordered to fetching: scarce hosts, a slow image pull, a container that restarts.
 * With temporary S3 credentials a URL may expire sooner. Seconds.
 */
const PULL_URL_TTL_SECONDS = 6 * 3_600;

/**
 * The start command with which a new pod fetches the save that the attempt resumes from, if that is too large to be
 * uploaded later; empty otherwise. restoreCheckpoint reports how it went, or why it was not tried.
 */
export async function pullOrder(
  deps: ActivityDependencies,
  params: { readonly trainingId: string; readonly attempt: number; readonly overrides?: RecipeOverrides },
): Promise<{ readonly command?: readonly string[] }> {
  const { trainingId, attempt, overrides } = params;
  if (attempt === 1 || overrides === undefined) return {};
  const choice = await chooseCheckpoint(deps, { trainingId, attempt, overrides });
  if (choice.status === 'none' || choice.route === 'send') return {};
  const parts = deps.trainer.partsOf(choice.checkpoint);
  if ((await storeObstacle(deps, parts[0]!)) !== null) return {};
  const files = await Promise.all(
    parts.map(async ({ filename, sizeBytes, sha256, storageKey }) => ({
      filename,
      sizeBytes,
      sha256,
      url: await deps.store.signedUrl(storageKey, { ttlSeconds: PULL_URL_TTL_SECONDS }),
    })),
  );
  return { command: deps.trainer.pullCommand({ jobName: deps.secrets.jobName(trainingId), files }) };
}
