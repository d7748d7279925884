import { mkdirSync } from 'node:fs';
import { Disk } from './disk.ts';
import { LossLog } from './loss-log.ts';
import type { TrainingEntry } from '../core/book.ts';
import type { Clock } from '../core/clock.ts';
import type { WorldConfig } from '../core/config.ts';
import type { Fault, TrainerFaults } from '../core/faults.ts';
import type { Job, Queue } from './job.ts';

export interface ToolkitOptions {
  dir: string;
  env: Record<string, string>;
  gpu: { name: string; count: number; memoryMib: number };
  vcpuCount: number;
  memoryGb: number;
  config: () => WorldConfig;
  clock: Clock;
  /** What is to go wrong with a trainer that starts now. */
  takeFaults: (jobName: string) => TrainerFaults;
  /** Opens a page for a trainer in the account book. */
  bookTraining: (jobName: string) => TrainingEntry;
  /** What was decided for the pod when it was created; those with a step happen in the trainer. */
  fates: Fault[];
  podEvents: Record<'vanish' | 'container-restart' | 'exited', () => void>;
}

/** What an AI Toolkit server has on its disk, in its database and in memory. */
export class Toolkit {
  readonly options: ToolkitOptions;
  readonly disk: Disk;
  readonly jobs = new Map<string, Job>();
  readonly queues: Queue[] = [];
  readonly settings = new Map<string, string>();
  readonly losses = new LossLog();
  /** Whether the web app behind the front server is up. */
  isUp = false;
  readonly #up: Promise<void>;
  #nextQueueId = 1;
  #uploads = 0;

  constructor(options: ToolkitOptions) {
    this.options = options;
    this.disk = new Disk(options.dir);
    mkdirSync(this.disk.real(this.root), { recursive: true });
    mkdirSync(this.disk.temp(''), { recursive: true });
    if (options.config().hasOutputFolder) mkdirSync(this.disk.real(this.trainingFolder), { recursive: true });
    const { clock, config } = options;
    this.isUp = clock.scale(config().delaysMs.ui) === 0;
    this.#up = clock.sleep(config().delaysMs.ui).then(() => {
      this.isUp = true;
    });
  }

  /** Waits for the web app at most this long, in real time; false when it is not up by then. */
  async untilUp(holdMs: number): Promise<boolean> {
    if (this.isUp) return true;
    const end = new AbortController();
    const tooLong = this.options.clock.sleepReal(holdMs, end.signal).catch(() => undefined);
    await Promise.race([this.#up, tooLong]);
    end.abort();
    return this.isUp;
  }

  get root(): string {
    return this.options.config().toolkitRoot;
  }

  get trainingFolder(): string {
    return this.settings.get('TRAINING_FOLDER') || `${this.root}/output`;
  }

  get datasetsFolder(): string {
    return this.settings.get('DATASETS_FOLDER') || `${this.root}/datasets`;
  }

  get modelsPath(): string {
    return this.options.env['MODELS_PATH']?.trim() || this.settings.get('MODELS_PATH') || `${this.root}/models`;
  }

  jobFolder(name: string): string {
    return `${this.trainingFolder}/${name}`;
  }

  queue(gpuIds: string, isRunning: boolean): Queue {
    const found = this.queues.find((queue) => queue.gpu_ids === gpuIds);
    if (found !== undefined) return found;
    const queue = { id: this.#nextQueueId, gpu_ids: gpuIds, is_running: isRunning };
    this.#nextQueueId += 1;
    this.queues.push(queue);
    return queue;
  }

  tempPath(): string {
    this.#uploads += 1;
    return this.disk.temp(`upload-${this.#uploads}`);
  }

  /** Rows written by the UI server and the worker move `updated_at`; the trainer's raw SQL does not. */
  touch(job: Job): void {
    job.updated_at = new Date(this.options.clock.now()).toISOString();
  }
}
