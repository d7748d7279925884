/**
 * The client of the back door (admin/routes.ts) for whoever drives an emulated world from outside: tests, chaos,
 * benchmarks, the demo.
 */
import type { Book } from './core/book.ts';
import type { WorldConfig } from './core/config.ts';
import type { ArmedFault, NewFault } from './core/faults.ts';
import type { WorldState } from './world.ts';

export type { Book, HubCommitEntry, PodEntry, SavedFile, TrainingEntry } from './core/book.ts';
export type { NewFault } from './core/faults.ts';

/** Settings to change; delays and other groups may be given in part. */
export type ConfigPatch = { readonly [Key in keyof WorldConfig]?: Patch<WorldConfig[Key]> };
type Patch<Value> = Value extends readonly unknown[] ? Value : Value extends object ? Partial<Value> : Value;

/** Delays of a vendor and a trainer that are up at once. Milliseconds. */
export const UP_AT_ONCE = {
  provisioning: 0,
  starting: 0,
  ports: 0,
  app: 0,
  workerTick: 0,
  modelLoad: 0,
  datasetLoad: 0,
} as const;

/** No delays: everything happens as fast as it can. Milliseconds. */
export const NO_DELAYS = { ...UP_AT_ONCE, step: 0, save: 0, sample: 0 } as const;

export type EmulatedWorld = ReturnType<typeof openWorld>;

/**
 * Opens a world of an emulator; `url` is `<emulator>/w/<name>`. Each call throws an Error with status and text when it
 * is refused.
 */
export function openWorld(url: string) {
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}/admin/${path}`, { method, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${url}/admin/${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Answer;
  };
  return {
    url,
    /** For RUNPOD_API_URL. */
    runpodUrl: `${url}/runpod`,
    /** For RUNPOD_PROXY_TEMPLATE. */
    proxyTemplate: `${url}/proxy/{podId}/{port}`,
    /** For HF_HUB_URL. */
    hubUrl: `${url}/hub`,
    config: () => call<WorldConfig>('GET', 'config'),
    configure: (patch: ConfigPatch) => call<WorldConfig>('PUT', 'config', patch),
    /** Arms one fault or several; returns their ids. */
    addFault: async (fault: NewFault | readonly NewFault[]) =>
      (await call<{ ids: readonly string[] }>('POST', 'faults', fault)).ids,
    faults: async () => (await call<{ faults: readonly ArmedFault[] }>('GET', 'faults')).faults,
    clearFaults: () => call<unknown>('DELETE', 'faults'),
    /** What happened: who asked for pods, which lived when, what was trained, what it cost. */
    book: () => call<Book>('GET', 'book'),
    /** What there is now. */
    state: () => call<WorldState>('GET', 'state'),
    /** Skips time; money and quotas move too. */
    advance: (advanceMs: number) => call<unknown>('POST', 'clock', { advanceMs }),
  };
}
