import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AccountBook } from './core/book.ts';
import { Clock } from './core/clock.ts';
import { defaultConfig, mergeConfig } from './core/config.ts';
import { Faults } from './core/faults.ts';
import { hashSeed, seededRandom } from './core/random.ts';
import { Hub } from './hub/state.ts';
import { Runpod } from './runpod/state.ts';
import type { Book } from './core/book.ts';
import type { WorldConfig } from './core/config.ts';
import type { ArmedFault } from './core/faults.ts';
import type { HubView } from './hub/state.ts';
import type { PodView } from './runpod/state.ts';

/** What `GET /w/{world}/admin/state` answers. */
export interface WorldState {
  name: string;
  nowMs: number;
  pods: PodView[];
  hub: HubView;
  faults: ArmedFault[];
}

/** One isolated cloud: its own pods, hub, money, faults and time. */
export class World {
  readonly name: string;
  readonly dir: string;
  readonly clock: Clock;
  readonly faults = new Faults();
  readonly book = new AccountBook();
  readonly runpod = new Runpod();
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

  renderBook(): Book {
    const nowMs = this.clock.now();
    return this.book.render(this.runpod.entries(nowMs), nowMs);
  }

  state(): WorldState {
    return {
      name: this.name,
      nowMs: this.clock.now(),
      pods: this.runpod.describe(),
      hub: this.hub.describe(),
      faults: this.faults.list(),
    };
  }

  async close(): Promise<void> {
    this.clock.close();
    await this.runpod.close();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
