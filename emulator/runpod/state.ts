import { billed, isAlive, microUsd } from './pod.ts';
import { RateLimiter } from './rate-limit.ts';
import type { PodEntry } from '../core/book.ts';
import type { Pod, PodStatus } from './pod.ts';

/** What `GET /w/{world}/admin/state` shows of a pod. */
export interface PodView {
  id: string;
  name: string;
  gpuId: string;
  status: PodStatus;
  isAlive: boolean;
  hasPorts: boolean;
  /** What its container reports about itself; null without one. */
  app: object | null;
}

/** RunPod of a world: the pods of its one account, including those that have ended, and the quotas of its keys. */
export class Runpod {
  readonly pods = new Map<string, Pod>();
  readonly limiter = new RateLimiter();

  /** The pods as the account book shows them. */
  entries(nowMs: number): PodEntry[] {
    return [...this.pods.values()].map((pod) => {
      const { ms, gpuUsd, diskUsd } = billed(pod, nowMs);
      return {
        id: pod.id,
        name: pod.spec.name,
        gpuId: pod.spec.gpuId,
        cloud: pod.spec.cloud,
        dataCenterId: pod.spec.dataCenterId,
        usdPerHour: pod.usdPerHour,
        createdAtMs: pod.createdAtMs,
        deletedAtMs: pod.deletedAtMs,
        endedBy: pod.endedBy,
        billedSeconds: ms / 1000,
        billedMs: ms,
        spans: pod.spans,
        costUsd: gpuUsd + diskUsd,
        costMicroUsd: microUsd(gpuUsd) + microUsd(diskUsd),
        trainingsStarted: pod.trainingsBefore + (pod.container?.trainingsStarted() ?? 0),
      };
    });
  }

  describe(): PodView[] {
    return [...this.pods.values()].map((pod) => ({
      id: pod.id,
      name: pod.spec.name,
      gpuId: pod.spec.gpuId,
      status: pod.status,
      isAlive: isAlive(pod),
      hasPorts: pod.hasPorts,
      app: pod.container?.describe() ?? null,
    }));
  }

  async close(): Promise<void> {
    for (const pod of this.pods.values()) {
      pod.life.abort(new Error('world closed'));
      await pod.container?.kill();
    }
  }
}
