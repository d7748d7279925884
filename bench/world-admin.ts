/** The emulator's back door (emulator/README.md), as far as benchmarks need it. */

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

export interface BookPod {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly deletedAtMs: number | null;
  readonly billedSeconds: number;
}

export interface Book {
  readonly pods: readonly BookPod[];
  readonly trainings: readonly {
    readonly podId: string;
    readonly startedAtMs: number;
    readonly endedAtMs: number | null;
  }[];
  /** Calls by method and route. */
  readonly requests: Readonly<Record<string, number>>;
}

export interface WorldAdmin {
  /** `<emulator>/w/<name>` */
  readonly url: string;
  configure(config: object): Promise<void>;
  book(): Promise<Book>;
}

export function createWorldAdmin(url: string): WorldAdmin {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const init =
      body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}/admin/${path}`, { method, ...init });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    url,
    async configure(config) {
      await call('PUT', 'config', config);
    },
    book: async () => (await call('GET', 'book')) as Book,
  };
}
