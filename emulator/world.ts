import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AccountBook } from './core/book.ts';
import { Clock } from './core/clock.ts';
import { defaultConfig, mergeConfig } from './core/config.ts';
import { Faults } from './core/faults.ts';
import { hashSeed, seededRandom } from './core/random.ts';
import { Hub } from './hub/hub.ts';
import { billed, microUsd } from './runpod/pod.ts';
import { exitPod, podDisk, restartContainer, vanishPod } from './runpod/pod-life.ts';
import { RateLimiter } from './runpod/rate-limit.ts';
import { Toolkit } from './toolkit/toolkit.ts';
import type { PodEntry, TrainingEntry } from './core/book.ts';
import type { WorldConfig } from './core/config.ts';
import type { Container, Pod } from './runpod/pod.ts';

/** One isolated cloud: its own pods, hub, money, faults and time. */
export class World {
  readonly name: string;
  readonly dir: string;
  readonly clock: Clock;
  readonly faults = new Faults();
  readonly book = new AccountBook();
  readonly limiter = new RateLimiter();
  readonly pods = new Map<string, Pod>();
  readonly hub: Hub;
  config: WorldConfig = defaultConfig();
  random: () => number;

  constructor(name: string, dataDir: string) {
    this.name = name;
    this.dir = join(dataDir, encodeURIComponent(name));
    mkdirSync(this.dir, { recursive: true });
    this.clock = new Clock(() => this.config.clockFactor);
    this.random = seededRandom(hashSeed(this.config.seed, name));
    this.hub = new Hub(join(this.dir, 'hub'));
  }

  configure(patch: unknown): void {
    const seed = this.config.seed;
    this.config = mergeConfig(this.config, patch);
    if (this.config.seed !== seed) this.random = seededRandom(hashSeed(this.config.seed, this.name));
  }

  /** Puts an AI Toolkit server into a pod. */
  createContainer(pod: Pod): Container {
    return new Toolkit({
      dir: podDisk(this, pod),
      env: pod.spec.env,
      gpu: { name: pod.spec.gpuId.replace(/^NVIDIA /, 'NVIDIA '), count: pod.spec.gpuCount, memoryMib: 24_576 },
      vcpuCount: pod.spec.vcpuCount,
      memoryGb: pod.spec.memoryGb,
      config: () => this.config,
      clock: this.clock,
      takeFaults: (jobName) =>
        this.faults.takeForTrainer({ jobName, podName: pod.spec.name, podId: pod.id, gpuId: pod.spec.gpuId }),
      bookTraining: (jobName) => this.#bookTraining(pod.id, jobName),
      fates: pod.fates,
      podEvents: {
        vanish: () => void vanishPod(this, pod),
        'container-restart': () => void restartContainer(this, pod),
        exited: () => void exitPod(this, pod),
      },
    });
  }

  #bookTraining(podId: string, jobName: string): TrainingEntry {
    const entry: TrainingEntry = {
      podId,
      jobName,
      startedAtMs: this.clock.now(),
      endedAtMs: null,
      resumedFromStep: null,
      optimizer: 'fresh',
      lastStep: 0,
      lastSavedStep: 0,
      stepsTrained: 0,
      files: [],
    };
    this.book.trainings.push(entry);
    return entry;
  }

  podEntries(): PodEntry[] {
    const nowMs = this.clock.now();
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

  state(): object {
    return {
      name: this.name,
      nowMs: this.clock.now(),
      pods: [...this.pods.values()].map((pod) => ({
        id: pod.id,
        name: pod.spec.name,
        gpuId: pod.spec.gpuId,
        status: pod.status,
        isAlive: pod.deletedAtMs === null,
        hasPorts: pod.hasPorts,
        app: pod.container?.describe() ?? null,
      })),
      hub: this.hub.describe(),
      faults: this.faults.list(),
    };
  }

  async close(): Promise<void> {
    this.clock.close();
    for (const pod of this.pods.values()) {
      pod.life.abort(new Error('world closed'));
      await pod.container?.kill();
    }
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
