import { readData } from '../core/read-data.ts';
import { problem, details } from './problems.ts';
import type { Availability, WorldConfig } from '../core/config.ts';

interface CatalogGpu {
  id: string;
  name: string;
  pool: string | null;
  memory: number;
  price: { secure?: number; community?: number; serverless?: number };
  vcpu: number;
  ramGb: number;
}

interface DataCenter {
  id: string;
  name: string;
  region: string;
  country: string;
}

const { gpus } = readData<{ gpus: CatalogGpu[] }>(import.meta.url, './data/gpu-catalog.json');
const { dataCenters } = readData<{ dataCenters: DataCenter[] }>(import.meta.url, './data/data-centers.json');
const cudaVersions = ['12.4', '12.8', '13.0'];

export type Cloud = 'SECURE' | 'COMMUNITY';

export interface Offered {
  gpu: CatalogGpu;
  price: { secure: number; community: number; serverless?: number };
  availability: Availability;
  dataCenters: DataCenter[];
}

/** The GPU as this world offers it, or undefined for an unknown id. */
export function offered(config: WorldConfig, gpuId: string): Offered | undefined {
  const index = gpus.findIndex(({ id }) => id === gpuId);
  const gpu = gpus[index];
  if (gpu === undefined) return undefined;
  const price = { community: 0, secure: 0, ...gpu.price, ...config.prices[gpuId] };
  const availability = config.stock[gpuId] ?? (['HIGH', 'MEDIUM', 'LOW'] as const)[index % 3] ?? 'HIGH';
  // Every GPU type is in a third of the data centers, and in at least five.
  const places = availability === 'NONE' ? [] : dataCenters.filter((_, place) => (place + index) % 3 === 0);
  return { gpu, price, availability, dataCenters: places };
}

export function knownCuda(version: string): boolean {
  return cudaVersions.includes(version);
}

/** Hosts run the newest driver unless the request allows older ones only. */
export function pickCuda(allowed: string[] | undefined): string {
  return allowed?.find(knownCuda) ?? '13.0';
}

export function priceOf(found: Offered, cloud: Cloud): number {
  return cloud === 'SECURE' ? found.price.secure : found.price.community;
}

/**
 * GET /v2/catalog/gpus and /gpus/{id}.
 * https://docs.runpod.io/api-reference-v2 (runpod/docs@a900806e, 2026-08-18)
 */
export function gpuTypes(config: WorldConfig, query: URLSearchParams): object[] {
  const include = query.get('include');
  const product = query.get('product');
  const filters = ['count', 'cloud', 'countryCodes', 'cudaVersions', 'minCudaVersion'].some((name) => query.has(name));
  if ((include === null) !== (product === null) || (include === null && filters)) throw problem(400, details.include);
  const cloud = query.get('cloud');
  const countries = query.get('countryCodes')?.split(',');
  const minCuda = Number(query.get('minCudaVersion') ?? 0);

  return gpus.map(({ id }) => {
    const found = offered(config, id) as Offered;
    const basic = {
      id,
      name: found.gpu.name,
      pool: found.gpu.pool,
      manufacturer: id.startsWith('AMD') ? 'AMD' : 'NVIDIA',
      memory: found.gpu.memory,
      secure: found.price.secure > 0,
      community: found.price.community > 0,
      price: found.price,
      maxCount: { secure: found.price.secure > 0 ? 8 : 0, community: found.price.community > 0 ? 4 : 0 },
    };
    if (include === null) return basic;
    const inCloud = cloud === null || priceOf(found, cloud as Cloud) > 0;
    const places = found.dataCenters.filter(({ country }) => countries === undefined || countries.includes(country));
    const available = inCloud && places.length > 0 && minCuda <= 13 ? found.availability : 'NONE';
    return {
      ...basic,
      availability: available,
      ...(available !== 'NONE' && {
        dataCenters: places.map(({ id: dataCenterId, name }) => ({
          id: dataCenterId,
          name,
          availability: found.availability,
        })),
      }),
      cudaVersions: cudaVersions
        .filter((version) => Number(version) >= minCuda)
        .map((version) => ({ version, available: available !== 'NONE' })),
    };
  });
}

/** GET /v2/catalog/datacenters (runpod/docs@a900806e, 2026-08-18). */
export function dataCenterList(config: WorldConfig, query: URLSearchParams): object[] {
  const regions = query.get('regions')?.split(',');
  const withGpus = query.get('include')?.split(',').includes('GPU_AVAILABILITY') ?? false;
  return dataCenters
    .filter(({ region }) => regions === undefined || regions.includes(region))
    .map(({ id, name, region }) => ({
      id,
      name,
      region,
      globalNetwork: id.startsWith('US'),
      networkVolumeTypes: ['STANDARD'],
      compliance: ['SOC_2_TYPE_2'],
      ...(withGpus && {
        gpuAvailability: gpus
          .map((gpu) => offered(config, gpu.id) as Offered)
          .filter((found) => found.dataCenters.some((place) => place.id === id))
          .map((found) => ({ id: found.gpu.id, name: found.gpu.name, availability: found.availability })),
      }),
    }));
}
