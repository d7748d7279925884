/** Offers: candidate places to rent, and the order in which they are tried. */
import type { BaseModel } from './base-model.ts';
import { BASE_MODEL_FACTS } from './base-model.ts';
import { parseGpu } from './gpu.ts';
import type { GpuName } from './gpu.ts';

export type Cloud = 'secure' | 'community';

export interface Offer {
  /** The vendor's exact id of the GPU type. */
  readonly gpu: string;
  readonly vramGb: number;
  readonly cloud: Cloud;
  /** List price. Micro-dollars per hour. */
  readonly hourlyMicroUsd: number;
  /** Only these data centers; empty means that the vendor chooses. */
  readonly dataCenters: readonly string[];
}

/** One GPU type as a vendor's catalog shows it now. */
export interface CatalogGpu {
  /** The vendor's exact id. */
  readonly gpu: string;
  /** Our name for it; null for a type that we do not know. */
  readonly name: GpuName | null;
  readonly vramGb: number;
  /** Micro-dollars per hour; null when this cloud does not offer it. */
  readonly secureMicroUsd: number | null;
  readonly communityMicroUsd: number | null;
  readonly available: boolean;
  readonly dataCenters: readonly string[];
}

/**
 * GPU types for training, best value first.
 * The founding documents ask for RTX 4090 and 5090 (landscape S0-02); the order after them is by price and speed as of
 * 2026-10.
 */
const PREFERRED_GPUS: readonly GpuName[] = [
  'RTX 4090',
  'RTX 5090',
  'RTX 6000 Ada',
  'L40S',
  'RTX A6000',
  'A40',
  'RTX PRO 6000',
  'A100 PCIe',
  'A100 SXM',
  'H100 PCIe',
  'H100 SXM',
  'H200 SXM',
];

export interface OfferQuery {
  readonly baseModel: BaseModel;
  /**
   * GPU types in order of preference, in any spelling; PREFERRED_GPUS when absent. Older requests name a vendor's ids.
   */
  readonly gpus?: readonly string[] | undefined;
  readonly allowCommunity?: boolean | undefined;
  readonly maxHourlyMicroUsd?: number | undefined;
  /** Least GPU memory, if more than the base model's default is needed (after OUT_OF_MEMORY). GB. */
  readonly minVramGb?: number | undefined;
  /** Data centers where a host was bad; tried last. */
  readonly avoidDataCenters?: readonly string[] | undefined;
}

/**
 * Offers in the order to try: by GPU preference, then secure before community; data centers with a bad host last of
 * all. A GPU type requested by name is used even if it has less memory than the base model needs by default.
 */
export function rankOffers(catalog: readonly CatalogGpu[], query: OfferQuery): Offer[] {
  const wished = query.gpus ?? PREFERRED_GPUS;
  const floor = Math.max(query.gpus ? 0 : BASE_MODEL_FACTS[query.baseModel].minVramGb, query.minVramGb ?? 0);
  const avoid = new Set(query.avoidDataCenters ?? []);
  const first: Offer[] = [];
  const last: Offer[] = [];
  for (const wish of wished) {
    const name = parseGpu(wish);
    const gpu = catalog.find((entry) => entry.gpu === wish || (name !== null && entry.name === name));
    if (!gpu || !gpu.available || gpu.vramGb < floor) continue;
    const clouds: [Cloud, number | null][] = [['secure', gpu.secureMicroUsd]];
    if (query.allowCommunity) clouds.push(['community', gpu.communityMicroUsd]);
    for (const [cloud, hourlyMicroUsd] of clouds) {
      if (hourlyMicroUsd === null) continue;
      if (query.maxHourlyMicroUsd !== undefined && hourlyMicroUsd > query.maxHourlyMicroUsd) continue;
      const offer = { gpu: gpu.gpu, vramGb: gpu.vramGb, cloud, hourlyMicroUsd };
      const good = gpu.dataCenters.filter((id) => !avoid.has(id));
      const bad = gpu.dataCenters.filter((id) => avoid.has(id));
      if (bad.length === 0) {
        first.push({ ...offer, dataCenters: [] });
      } else {
        if (good.length > 0) first.push({ ...offer, dataCenters: good });
        last.push({ ...offer, dataCenters: bad });
      }
    }
  }
  return [...first, ...last];
}
