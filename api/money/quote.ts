/** What a training will probably cost, before anything is rented. */
import type { CatalogGpu } from '../../core/offer.ts';
import { rankOffers } from '../../core/offer.ts';
import { quoteOffers, reserveFor } from '../../core/quote.ts';
import type { QuotedOffer } from '../../core/quote.ts';
import { resolveRecipe } from '../../core/recipe.ts';
import { exceededLimits } from '../../core/spend-limit.ts';
import { storedQuote } from '../../core/stored-quote.ts';
import type { StoredQuote } from '../../core/stored-quote.ts';
import { withTimeLimit } from '../../core/time-limit.ts';
import type { TrainingRequest } from '../../core/training-request.ts';
import { vendorTrouble } from '../../core/vendor-trouble.ts';
import type { ApiDeps } from '../deps.ts';
import { ApiError, notFound } from '../errors.ts';
import type { Quote, QuoteBody } from '../schemas/money.ts';
import { checkTraining } from '../trainings/draft.ts';

/** How long the figures of a quote are valid: prices and stock change. Milliseconds. */
const VALID_MS = 600_000;
/** How long the start of a training waits for a price; it can start without one. Milliseconds. */
const PRICE_WAIT_MS = 1_000;

type Quoted = Pick<TrainingRequest, 'baseModel' | 'triggerWord' | 'recipe' | 'compute'>;

/** Quotes every offer that a training with this body would try. Throws ApiError 422, 404, or 503 PRICES_UNAVAILABLE. */
export async function quoteTraining(deps: ApiDeps, userId: string, body: QuoteBody): Promise<Quote> {
  const { photoCount, datasetId, ...rest } = body;
  const { request, maxCostMicroUsd } = checkTraining({ triggerWord: 'quote', imageIds: [], ...rest }, false);
  const photos = datasetId === undefined ? (photoCount ?? 20) : await photosOf(deps, userId, datasetId);
  const prices = await pricesNow(deps);
  if (prices.status === 'unknown')
    throw new ApiError(503, 'PRICES_UNAVAILABLE', `No prices can be had at the moment: ${prices.why}`);
  const { catalog } = prices;
  const offers = await quoted(deps, request, photos, catalog);
  const [first] = offers;
  if (first === undefined) throw new ApiError(409, 'NO_OFFER', 'No suitable GPU type is in stock at the moment.');
  const now = deps.clock();
  const reserveMicroUsd = maxCostMicroUsd ?? reserveFor(first);
  const { limits, used } = await deps.repositories.money.standing({
    userId,
    characterId: request.characterId,
    limits: deps.settings.limits,
    now,
  });
  return {
    baseModel: request.baseModel,
    steps: resolveRecipe(request.baseModel, request.triggerWord, request.recipe).steps,
    photos,
    offers: offers.map(offerView),
    reserve: { microUsd: reserveMicroUsd },
    limits: {
      training: limits.training === null ? null : { microUsd: limits.training },
      exceeded: exceededLimits(limits, used, reserveMicroUsd),
      userMonth: { limitMicroUsd: limits.userMonth, usedMicroUsd: used.userMonth },
      characterMonth:
        used.characterMonth === null
          ? null
          : { limitMicroUsd: limits.characterMonth, usedMicroUsd: used.characterMonth },
    },
    validUntil: new Date(now.getTime() + VALID_MS).toISOString(),
  };
}

/** The quote stored with a new training; null when no price can be read in time. */
export async function quoteToKeep(deps: ApiDeps, request: Quoted, photos: number): Promise<StoredQuote | null> {
  const prices = await pricesNow(deps);
  return prices.status === 'unknown' ? null : storedQuote(await quoted(deps, request, photos, prices.catalog));
}

async function quoted(
  deps: ApiDeps,
  { baseModel, triggerWord, recipe, compute }: Quoted,
  photos: number,
  catalog: readonly CatalogGpu[],
): Promise<QuotedOffer[]> {
  return quoteOffers({
    recipe: resolveRecipe(baseModel, triggerWord, recipe),
    photos,
    diskGb: deps.settings.diskGb,
    offers: rankOffers(catalog, { ...compute, baseModel }),
    past: await deps.repositories.history.pastRuns(baseModel),
  });
}

async function photosOf({ repositories }: ApiDeps, userId: string, datasetId: string): Promise<number> {
  if ((await repositories.datasets.findDataset(userId, datasetId)) === null) throw notFound('dataset');
  return await repositories.datasets.countPhotos(datasetId);
}

type Prices =
  | { readonly status: 'known'; readonly catalog: readonly CatalogGpu[] }
  | { readonly status: 'unknown'; readonly why: string };

/** The vendor's catalog, or a sentence for people, also in the log, that says why it did not arrive in time. */
async function pricesNow({ prices, logger }: ApiDeps): Promise<Prices> {
  if (prices === undefined) return { status: 'unknown', why: 'The API has no key of RunPod (RUNPOD_API_KEY).' };
  try {
    return { status: 'known', catalog: await withTimeLimit(PRICE_WAIT_MS, undefined, prices) };
  } catch (error) {
    logger.warn({ error: (error as Error).message }, 'the vendor’s prices could not be read');
    return { status: 'unknown', why: vendorTrouble(error) };
  }
}

function offerView({ offer, hourlyMicroUsd, minutes, microUsd, basis, runs }: QuotedOffer): Quote['offers'][number] {
  const { gpu, vramGb, cloud } = offer;
  return { gpu, vramGb, cloud, hourlyMicroUsd, minutes, microUsd, basis, runs };
}
