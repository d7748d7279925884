import { appendFile, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { linkSignals } from '../core/link-signals.ts';
import { isBusy } from './job.ts';
import { Interrupted } from './trainer-errors.ts';
import { runTrainer } from './trainer.ts';
import type { Job } from './job.ts';
import type { Exit } from './run.ts';
import type { Toolkit } from './state.ts';

interface Process {
  pid: number;
  jobId: string;
  interrupt: AbortController;
}

/**
 * ui/cron/worker.ts: looks at the queues once a tick, spawns trainers, notices their end (ostris/ai-toolkit@27a03a91).
 */
export class Worker {
  started = 0;
  readonly #toolkit: Toolkit;
  readonly #processes = new Map<number, Process>();
  readonly #running = new Set<Promise<void>>();
  readonly #life = new AbortController();
  #isTickPlanned = false;
  #nextPid = 17_900;

  constructor(toolkit: Toolkit) {
    this.#toolkit = toolkit;
  }

  processes(): { pid: number; jobId: string }[] {
    return [...this.#processes.values()].map(({ pid, jobId }) => ({ pid, jobId }));
  }

  /** Something changed: make sure that a tick follows within one period. */
  poke(): void {
    if (this.#isTickPlanned || this.#life.signal.aborted) return;
    this.#isTickPlanned = true;
    const { clock, config } = this.#toolkit.options;
    const period = clock.scale(config().delaysMs.workerTick);
    const untilNext = period === 0 ? 0 : period - (clock.now() % period);
    const wait =
      untilNext === 0
        ? new Promise<void>((resolve) => setImmediate(resolve))
        : clock.sleepReal(untilNext, this.#life.signal);
    wait.then(
      () => this.#tick(),
      () => undefined,
    );
  }

  #tick(): void {
    this.#isTickPlanned = false;
    if (this.#life.signal.aborted) return;
    let hasMore = false;
    for (const queue of this.#toolkit.queues) {
      const jobs = [...this.#toolkit.jobs.values()].filter((job) => job.gpu_ids === queue.gpu_ids);
      const busy = jobs.filter(isBusy);
      if (!queue.is_running) {
        for (const job of jobs.filter(({ status }) => status === 'running')) {
          Object.assign(job, { return_to_queue: true, info: 'Stopping job...' });
          this.#toolkit.touch(job);
        }
        continue;
      }
      if (busy.length > 0) continue;
      const next = jobs
        .filter((job) => job.status === 'queued')
        .toSorted((a, b) => a.queue_position - b.queue_position)[0];
      if (next === undefined) queue.is_running = false;
      else {
        this.#track(this.#start(next));
        hasMore = true;
      }
    }
    if (hasMore) this.poke();
  }

  #track(run: Promise<void>): void {
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  async #start(job: Job): Promise<void> {
    const toolkit = this.#toolkit;
    const folder = toolkit.jobFolder(job.name);
    Object.assign(job, { status: 'running', stop: false, return_to_queue: false, info: 'Starting job...' });
    toolkit.touch(job);
    const config = JSON.parse(job.job_config) as { config?: { process?: ({ sqlite_db_path?: string } | undefined)[] } };
    const first = config.config?.process?.[0];
    // A config without process[0] crashes the worker: the row stays running without a pid and blocks its queue.
    if (first === undefined) return;

    const real = (name: string): string => toolkit.disk.real(`${folder}/${name}`);
    await mkdir(real('logs'), { recursive: true });
    const rotated = (await readdir(real('logs'))).length;
    await rename(real('log.txt'), real(`logs/${rotated}_log.txt`)).catch(() => undefined); // No log yet.
    first.sqlite_db_path = `${toolkit.root}/aitk_db.db`;
    await writeFile(real('.job_config.json'), JSON.stringify(config, null, 2));
    const pid = (this.#nextPid += 17);
    await writeFile(real('pid.txt'), String(pid));
    job.pid = pid;
    const process = { pid, jobId: job.id, interrupt: new AbortController() };
    this.#processes.set(pid, process);
    this.started += 1;

    const { signal: killed, release } = linkSignals(process.interrupt.signal, this.#life.signal);
    const entry = toolkit.options.bookTraining(job.name);
    const exit = await runTrainer({ toolkit, job, config, entry, signal: killed })
      .catch((error: unknown): Exit => {
        if (!killed.aborted) throw error;
        return { code: 0 };
      })
      .finally(() => {
        release();
        entry.endedAtMs = toolkit.options.clock.now();
      });
    this.#processes.delete(pid);
    if (this.#life.signal.aborted) return;
    await this.#noticeExit(job, exit, real('log.txt'));
    this.poke();
  }

  async #noticeExit(job: Job, exit: Exit, logPath: string): Promise<void> {
    if (exit === null || ('code' in exit && exit.code === 0)) return;
    const text =
      'code' in exit
        ? `Job process terminated with exit code ${exit.code}.`
        : `Job process terminated with signal ${exit.signal}.`;
    await appendFile(logPath, `\n${text}\n`).catch(() => undefined); // The folder may be deleted.
    if (job.status !== 'running') return;
    Object.assign(job, { status: 'error', info: text, pid: null });
    this.#toolkit.touch(job);
  }

  /** SIGINT to a trainer; false when no such process lives. */
  interrupt(pid: number): boolean {
    const process = this.#processes.get(pid);
    process?.interrupt.abort(new Interrupted('SIGINT'));
    return process !== undefined;
  }

  /** The container ends: everything dies at once, and nothing is written after that. */
  async kill(): Promise<void> {
    this.#life.abort(new Error('container ended'));
    await Promise.allSettled(this.#running);
  }
}
