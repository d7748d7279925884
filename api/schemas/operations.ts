import { Type } from '@fastify/type-provider-typebox';
import type { Static } from '@fastify/type-provider-typebox';
import { ERRORS, Nullable, OneOf, Time, Uuid, WordOf } from './common.ts';

const Seconds = Type.Number({ description: 'Seconds.' });
const MicroUsd = Type.Integer({ description: 'Millionths of a dollar.' });

const AlivePod = Type.Object({
  name: Type.String(),
  trainingId: Uuid,
  userId: Uuid,
  attempt: Type.Integer(),
  state: OneOf(['requested', 'booting', 'ready', 'ending'], {
    description:
      '`requested`: the vendor is being asked for it. `ending`: its termination was requested but is not confirmed yet.',
  }),
  gpu: Nullable(Type.String()),
  cloud: Nullable(WordOf(['secure', 'community'])),
  dataCenter: Nullable(Type.String()),
  hourlyMicroUsd: Nullable(MicroUsd),
  requestedAt: Time,
  createdAt: Nullable(Time),
  ageSeconds: Seconds,
  costMicroUsd: MicroUsd,
});

const OrphanedPod = Type.Object({
  name: Type.String(),
  why: Type.String({ description: 'Why it has no owner.' }),
  createdAt: Time,
  orphanedAt: Time,
  leakedSeconds: Type.Number({ description: 'Leaked time that this sweep added for this pod. Seconds.' }),
});

const SweptPod = Type.Object({ ...OrphanedPod.properties, sweptAt: Time });

const PodOverview = Type.Object(
  {
    at: Time,
    aliveCount: Type.Integer(),
    hourlyMicroUsd: Type.Integer({ description: 'What the pods below cost per hour. Millionths of a dollar.' }),
    alive: Type.Array(AlivePod, { description: 'According to the ledger, oldest first, at most 1,000.' }),
    lastSweep: Nullable(
      Type.Object({
        at: Time,
        alive: Type.Integer({ description: 'Pods of this installation in the vendor’s list.' }),
        owned: Type.Integer({ description: 'Pods that a running training uses.' }),
        orphaned: Type.Array(OrphanedPod, {
          description: 'Orphaned pods that were left alive: too young, or their termination failed.',
        }),
        swept: Type.Integer({ description: 'Orphaned pods that were terminated.' }),
        leakedSeconds: Seconds,
      }),
    ),
    swept: Type.Array(SweptPod, { description: 'Terminated by the sweeper in the last 7 days, latest first.' }),
    leakedSeconds: Type.Object(
      { last24Hours: Seconds, last30Days: Seconds },
      { description: 'Time that orphaned pods lived beyond the grace period and one sweep interval. Should be 0.' },
    ),
  },
  { title: 'PodOverview' },
);
export type PodOverview = Static<typeof PodOverview>;

export const podOverviewRoute = {
  summary: 'All pods, for operators',
  description:
    'Pods that are alive according to the ledger, what the last sweep saw, what the sweeper terminated recently, and leaked time.',
  tags: ['operations'],
  response: { 200: PodOverview, ...ERRORS },
};
