import { describe, expect, test } from 'vitest';
import { parseGpu } from './gpu.ts';
import { rankOffers } from './offer.ts';
import type { CatalogGpu } from './offer.ts';

const gpu = (
  name: string,
  vramGb: number,
  secureMicroUsd: number | null,
  more: Partial<CatalogGpu> = {},
): CatalogGpu => ({
  gpu: name,
  name: parseGpu(name),
  vramGb,
  secureMicroUsd,
  communityMicroUsd: null,
  available: true,
  dataCenters: ['EU-1', 'US-1'],
  ...more,
});

const CATALOG = [
  gpu('NVIDIA A40', 48, 440_000),
  gpu('NVIDIA GeForce RTX 4090', 24, 740_000, { communityMicroUsd: 340_000 }),
  gpu('NVIDIA GeForce RTX 5090', 32, 1_100_000),
  gpu('NVIDIA L4', 24, 490_000),
];

const names = (offers: ReturnType<typeof rankOffers>) => offers.map((offer) => offer.gpu);

describe('offers', () => {
  test('come in our order of preference, unknown types left out', () => {
    expect(names(rankOffers(CATALOG, { baseModel: 'flux' }))).toEqual([
      'NVIDIA GeForce RTX 4090',
      'NVIDIA GeForce RTX 5090',
      'NVIDIA A40',
    ]);
  });

  test('need the memory of the base model', () => {
    expect(names(rankOffers(CATALOG, { baseModel: 'flux2' }))).toEqual(['NVIDIA A40']);
  });

  test('need more memory after the GPU ran out of it', () => {
    expect(names(rankOffers(CATALOG, { baseModel: 'flux', minVramGb: 25 }))).toEqual([
      'NVIDIA GeForce RTX 5090',
      'NVIDIA A40',
    ]);
  });

  test('a wish by name is taken in its order', () => {
    expect(names(rankOffers(CATALOG, { baseModel: 'flux', gpus: ['NVIDIA L4', 'NVIDIA A40'] }))).toEqual([
      'NVIDIA L4',
      'NVIDIA A40',
    ]);
  });

  test('a wish in our own words finds the vendor’s type, and so does the vendor’s id', () => {
    const catalog = [gpu('rtx-4090-eu', 24, 1, { name: 'RTX 4090' }), gpu('half-a-gpu', 12, 1, { name: null })];

    expect(names(rankOffers(catalog, { baseModel: 'flux', gpus: ['rtx_4090'] }))).toEqual(['rtx-4090-eu']);
    expect(names(rankOffers(catalog, { baseModel: 'flux', gpus: ['half-a-gpu', 'rtx-4090-eu'] }))).toEqual([
      'half-a-gpu',
      'rtx-4090-eu',
    ]);
  });

  test('stay below the price cap', () => {
    expect(names(rankOffers(CATALOG, { baseModel: 'flux', maxHourlyMicroUsd: 500_000 }))).toEqual(['NVIDIA A40']);
  });

  test('community hosts come after secure ones and only when allowed', () => {
    const offers = rankOffers(CATALOG, { baseModel: 'flux', allowCommunity: true, gpus: ['NVIDIA GeForce RTX 4090'] });

    expect(offers.map((offer) => offer.cloud)).toEqual(['secure', 'community']);
  });

  test('a data center with a bad host is tried last of all', () => {
    const offers = rankOffers(CATALOG, { baseModel: 'flux', avoidDataCenters: ['EU-1'] });

    expect(offers.slice(0, 3).every((offer) => offer.dataCenters.join() === 'US-1')).toBe(true);
    expect(offers.slice(3).every((offer) => offer.dataCenters.join() === 'EU-1')).toBe(true);
  });

  test('what is out of stock is no offer', () => {
    expect(rankOffers([gpu('NVIDIA A40', 48, 440_000, { available: false })], { baseModel: 'flux' })).toEqual([]);
  });
});
