/** The back door of the emulated cloud (emulator/README.md), as far as chaos needs it. */
import type { WorldFault } from './fault-kinds.ts';

export interface BookPod {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly deletedAtMs: number | null;
  readonly endedBy: string | null;
  readonly billedSeconds: number;
  readonly costMicroUsd: number;
}

export interface BookTraining {
  readonly podId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly resumedFromStep: number | null;
  readonly lastStep: number;
  readonly lastSavedStep: number;
  /** What it wrote, in order, each once it was whole. */
  readonly files: readonly BookFile[];
}

export interface BookFile {
  /** On the pod. */
  readonly path: string;
  readonly step: number;
  readonly sha256: string;
}

export interface BookCommit {
  readonly repo: string;
  readonly oid: string;
  readonly files: readonly { readonly path: string; readonly oid: string }[];
}

export interface Book {
  readonly nowMs: number;
  readonly pods: readonly BookPod[];
  readonly trainings: readonly BookTraining[];
  readonly hubCommits: readonly BookCommit[];
  readonly aliveNow: readonly object[];
  readonly costMicroUsd: number;
}

export interface WorldState {
  readonly hub: { readonly repos: readonly { readonly id: string; readonly tags: Readonly<Record<string, string>> }[] };
}

export interface ArmedFault {
  readonly id: string;
  readonly hits: number;
  readonly skip?: number;
}

/** Opens a world of an emulator; `url` is `<emulator>/w/<name>`. */
export function openWorld(url: string) {
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}/admin/${path}`, { method, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    url,
    configure: (config: object) => call<unknown>('PUT', 'config', config),
    /** Arms faults and answers their ids. */
    addFaults: async (faults: readonly WorldFault[]) =>
      (await call<{ ids: readonly string[] }>('POST', 'faults', faults)).ids,
    faults: async () => (await call<{ faults: readonly ArmedFault[] }>('GET', 'faults')).faults,
    book: () => call<Book>('GET', 'book'),
    state: () => call<WorldState>('GET', 'state'),
  };
}
