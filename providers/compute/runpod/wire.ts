/** RunPod's REST v2 as far as we read it (spec 2.9.0 of 2026-08-18, plus deviations seen live until 2026-10). */
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { storageHourlyMicroUsd, usdToMicroUsd } from '../../../core/money.ts';
import type { CatalogGpu } from '../../../core/offer.ts';
import { answerReader } from '../../wire.ts';
import type { Pod, PodState } from '../compute.ts';
import { gpuNameOf } from './gpu-names.ts';

const VENDOR = 'RunPod';

const WirePod = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  status: Type.String(),
  cost: Type.Number(),
  /** Container disk. GB. */
  disk: Type.Optional(Type.Number()),
  cloud: Type.Optional(Type.String()),
  dataCenterId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  gpu: Type.Optional(Type.Union([Type.Object({ id: Type.Optional(Type.String()) }), Type.Null()])),
  createdAt: Type.String(),
});

/** `pagination` appeared in lists from September 2026; it is followed when present. */
const WirePods = Type.Object({
  pods: Type.Array(WirePod),
  pagination: Type.Optional(
    Type.Object({ nextCursor: Type.Union([Type.String(), Type.Null()]), hasNextPage: Type.Boolean() }),
  ),
});

const WireCatalog = Type.Object({
  gpus: Type.Array(
    Type.Object({
      id: Type.String(),
      memory: Type.Number(),
      secure: Type.Boolean(),
      community: Type.Boolean(),
      price: Type.Object({ secure: Type.Number(), community: Type.Number() }),
      maxCount: Type.Object({ secure: Type.Number(), community: Type.Number() }),
      availability: Type.Optional(Type.String()),
      dataCenters: Type.Optional(Type.Array(Type.Object({ id: Type.String() }))),
    }),
  ),
});

const WireBilling = Type.Object({
  records: Type.Array(Type.Object({ podId: Type.String(), totalAmount: Type.Number() })),
});

export const readPod = answerReader(VENDOR, 'a pod', WirePod);
export const readPods = answerReader(VENDOR, 'the list of pods', WirePods);
export const readCatalog = answerReader(VENDOR, 'its catalog', WireCatalog);
export const readBilling = answerReader(VENDOR, 'billing', WireBilling);

const POD_STATES: Readonly<Record<string, PodState>> = {
  PROVISIONING: 'starting',
  STARTING: 'starting',
  RUNNING: 'running',
  EXITED: 'stopped',
  ERROR: 'stopped',
  TERMINATED: 'gone',
};

/** An undocumented status counts as starting: such a pod exists. */
export function toPodState(status: string): PodState {
  return POD_STATES[status] ?? 'starting';
}

export function toPod(wire: Static<typeof WirePod>): Pod {
  return {
    id: wire.id,
    name: wire.name,
    state: toPodState(wire.status),
    gpu: wire.gpu?.id ?? null,
    cloud: wire.cloud === 'COMMUNITY' ? 'community' : 'secure',
    dataCenter: wire.dataCenterId ?? null,
    // The vendor's `cost` is the GPU's price; a stopped pod has none, and its container disk is gone.
    hourlyMicroUsd: wire.cost === 0 ? 0 : usdToMicroUsd(wire.cost) + storageHourlyMicroUsd(wire.disk ?? 0),
    gpuHourlyMicroUsd: usdToMicroUsd(wire.cost),
    createdAt: new Date(wire.createdAt),
  };
}

type WireGpu = Static<typeof WireCatalog>['gpus'][number];

/**
 * A community price of 0 means not offered, and `maxCount` 0 not rentable whatever `secure` says (seen live 2026-10).
 */
export function toCatalogGpu(wire: WireGpu): CatalogGpu {
  const dataCenters = wire.dataCenters?.map((entry) => entry.id) ?? [];
  const price = (usd: number, offered: boolean, count: number) =>
    offered && usd > 0 && count > 0 ? usdToMicroUsd(usd) : null;
  return {
    gpu: wire.id,
    name: gpuNameOf(wire.id),
    vramGb: wire.memory,
    secureMicroUsd: price(wire.price.secure, wire.secure, wire.maxCount.secure),
    communityMicroUsd: price(wire.price.community, wire.community, wire.maxCount.community),
    available: wire.availability === undefined || !(wire.availability === 'NONE' && dataCenters.length === 0),
    dataCenters,
  };
}
