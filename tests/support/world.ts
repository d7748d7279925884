import { randomBytes } from 'node:crypto';
import { withTimeLimit } from '../../core/time-limit.ts';
import { servers } from './provided.ts';

/** One private world of the emulated cloud: its own pods, repositories, faults and books. */
export interface World {
  readonly name: string;
  /** `<emulator>/w/<name>` */
  readonly url: string;
  /** Address for RUNPOD_API_URL. */
  readonly runpodUrl: string;
  /** Template for RUNPOD_PROXY_TEMPLATE. */
  readonly proxyTemplate: string;
  /** Address for HF_HUB_URL. */
  readonly hubUrl: string;
  readonly admin: WorldAdmin;
}

/** The emulator's back door; see emulator/README.md for what the bodies hold. */
export interface WorldAdmin {
  configure(config: unknown): Promise<unknown>;
  addFault(fault: unknown): Promise<unknown>;
  clearFaults(): Promise<unknown>;
  /** What happened: creates per intent, pods alive, billed seconds. */
  book<T = unknown>(): Promise<T>;
  state<T = unknown>(): Promise<T>;
  /** Any other door: `call('POST', 'reset')`. */
  call<T = unknown>(method: string, path: string, body?: unknown): Promise<T>;
}

/** Makes a world nobody else uses, on the run's emulator or on the given one. */
export function createWorld(emulatorUrl: string = runningEmulator()): World {
  const name = `t${randomBytes(6).toString('hex')}`;
  const url = `${emulatorUrl}/w/${name}`;
  return {
    name,
    url,
    runpodUrl: `${url}/runpod`,
    proxyTemplate: `${url}/proxy/{podId}/{port}`,
    hubUrl: `${url}/hub`,
    admin: createAdmin(`${url}/admin`),
  };
}

function runningEmulator(): string {
  const { emulator } = servers();
  if ('broken' in emulator) throw new Error(`The emulator did not start: ${emulator.broken}`);
  return emulator.url;
}

function createAdmin(base: string): WorldAdmin {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    return await withTimeLimit(10_000, undefined, async (signal) => {
      const response = await fetch(`${base}/${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        signal,
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${base}/${path} answered ${response.status}: ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as T;
    });
  };
  return {
    configure: (config) => call('PUT', 'config', config),
    addFault: (fault) => call('POST', 'faults', fault),
    clearFaults: () => call('DELETE', 'faults'),
    book: () => call('GET', 'book'),
    state: () => call('GET', 'state'),
    call,
  };
}
