import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';

const TYPESCRIPT = new URL('./typescript.mjs', import.meta.url).href;

/** Threads that run the exported functions of one file. They start with the first task and stay until `stop`. */
export interface ThreadPool {
  readonly threads: number;
  /** Runs a function of the file. An abort drops a waiting task; a running one is abandoned with its thread. */
  run<Result>(name: string, task: unknown, options?: RunOptions): Promise<Result>;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Memory of the task that is transferred to the thread. */
  readonly handOver?: readonly ArrayBuffer[];
}

export function createThreadPool({ file, threads }: { readonly file: URL; readonly threads: number }): ThreadPool {
  let pool: Piscina | null = null;
  const started = () =>
    (pool ??= new Piscina({
      filename: fileURLToPath(file),
      // All of them stay: Piscina ends what is above the minimum as soon as it is idle, and a thread takes most of a
      // second to start.
      minThreads: threads,
      maxThreads: threads,
      // Photos are decoded a few at a time per thread: libvips works in threads of its own meanwhile.
      concurrentTasksPerWorker: 2,
      // TypeScript sources need the loader in every thread; compiled ones do not.
      execArgv: file.pathname.endsWith('.ts') ? ['--import', TYPESCRIPT] : [],
    }));
  return {
    threads,
    async run<Result>(name: string, task: unknown, { signal, handOver }: RunOptions = {}) {
      const options = { name, ...(signal && { signal }), ...(handOver && { transferList: [...handOver] }) };
      return (await started().run(task, options)) as Result;
    },
    async stop() {
      const running = pool;
      pool = null;
      await running?.destroy();
    },
  };
}
