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
    description: '`requested`: the vendor is being asked. `ending`: its end was asked for and is not proven yet.',
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
  why: Type.String({ description: 'Why nobody owns it.' }),
  createdAt: Time,
  orphanedAt: Time,
  leakedSeconds: Type.Number({ description: 'What that sweep added to the leak of this pod. Seconds.' }),
});

const SweptPod = Type.Object({ ...OrphanedPod.properties, sweptAt: Time });

const PodOverview = Type.Object(
  {
    at: Time,
    aliveCount: Type.Integer(),
    hourlyMicroUsd: Type.Integer({ description: 'What the pods below cost in an hour. Millionths of a dollar.' }),
    alive: Type.Array(AlivePod, { description: 'By the ledger, the oldest first, at most 1,000.' }),
    lastSweep: Nullable(
      Type.Object({
        at: Time,
        alive: Type.Integer({ description: 'Pods of this installation in the vendor’s list.' }),
        owned: Type.Integer({ description: 'Those that a running training uses.' }),
        orphaned: Type.Array(OrphanedPod, {
          description: 'Those of nobody that were left: too young, or their end failed.',
        }),
        swept: Type.Integer({ description: 'Those of nobody that were ended.' }),
        leakedSeconds: Seconds,
      }),
    ),
    swept: Type.Array(SweptPod, { description: 'Ended by the sweeper in the last 7 days, the latest first.' }),
    leakedSeconds: Type.Object(
      { last24Hours: Seconds, last30Days: Seconds },
      { description: 'Time that pods of nobody lived beyond the grace and the pause between two sweeps. Should be 0.' },
    ),
  },
  { title: 'PodOverview' },
);
export type PodOverview = Static<typeof PodOverview>;

export const podOverviewRoute = {
  summary: 'All pods, for operators',
  description: 'Pods alive by the ledger, what the last sweep saw, what the sweeper ended lately, and leaked time.',
  tags: ['operations'],
  response: { 200: PodOverview, ...ERRORS },
};
