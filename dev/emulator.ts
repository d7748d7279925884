import { join } from 'node:path';
import { startChild, waitUntilReady } from './child.ts';

/** The emulated cloud in a separate process. */
export interface EmulatorProcess {
  readonly url: string;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '..', 'emulator', 'main.ts');

/** Starts it and waits for the line with its address. */
export async function startEmulatorProcess(options: {
  readonly dataDir: string;
  /** 0 takes a free one. Default 0. */
  readonly port?: number;
  readonly logFile?: string;
}): Promise<EmulatorProcess> {
  let url: string | undefined;
  const child = startChild({
    name: 'emulator',
    command: process.execPath,
    args: ['--import', 'tsx', MAIN],
    env: { ...process.env, EMULATOR_PORT: String(options.port ?? 0), EMULATOR_DATA_DIR: options.dataDir },
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    onLine: (line) => {
      if (url === undefined) url = addressIn(line);
    },
  });
  try {
    await waitUntilReady(child, async () => url !== undefined);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url: url ?? '', stop: () => child.stop() };
}

function addressIn(line: string): string | undefined {
  try {
    const message = JSON.parse(line) as { url?: unknown };
    return typeof message.url === 'string' ? message.url : undefined;
  } catch {
    // A line for people.
    return undefined;
  }
}
