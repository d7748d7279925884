import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_DELAYS, openWorld } from '../../emulator/client.ts';
import type { Book, ConfigPatch, EmulatedWorld, NewFault } from '../../emulator/client.ts';
import { startEmulator } from '../../emulator/server.ts';

// Bodies of many vendors and shapes; each test knows the one that it asked for and asserts on it.
// eslint-disable-next-line typescript/no-explicit-any
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Json;
}

export interface NamedBytes {
  name: string;
  bytes: Buffer;
}

/** One emulator process of a test file, with as many worlds as it likes. */
export async function startCloud(): Promise<{
  world: (name: string, config?: ConfigPatch) => Promise<TestWorld>;
  /** The bytes of a file as they lie on a pod's disk. */
  onDisk: (world: string, podId: string, path: string) => Promise<Buffer>;
  close: () => Promise<void>;
}> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tempera-emulator-'));
  const emulator = await startEmulator({ dataDir });
  return {
    world: async (name, config = {}) => {
      const world = new TestWorld(`${emulator.url}/w/${name}`);
      await world.configure({ delaysMs: NO_DELAYS, rateLimit: null, ...config });
      return world;
    },
    onDisk: (world, podId, path) => readFile(join(dataDir, world, 'pods', podId, path)),
    close: async () => {
      await emulator.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Plain requests to one world, without any client of ours. */
export class TestWorld {
  readonly url: string;
  readonly #admin: EmulatedWorld;

  constructor(url: string) {
    this.url = url;
    this.#admin = openWorld(url);
  }

  async request(
    method: string,
    url: string,
    options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const isRaw = options.body instanceof FormData || typeof options.body === 'string' || options.body === undefined;
    const response = await fetch(url, {
      method,
      headers: {
        'user-agent': 'tempera-tests',
        ...(isRaw ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body !== undefined && {
        body: isRaw ? (options.body as string | FormData) : JSON.stringify(options.body),
      }),
      ...(options.signal && { signal: options.signal }),
    });
    const text = await response.text();
    let body: unknown = text;
    try {
      body = JSON.parse(text);
    } catch {
      // Not JSON: the text is the body.
    }
    return { status: response.status, headers: response.headers, text, body };
  }

  runpod(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    return this.request(method, `${this.url}/runpod${path}`, {
      headers: { authorization: 'Bearer emulated' },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
  }

  toolkit(podId: string, method: string, path: string, body?: unknown): Promise<Answer> {
    return this.request(method, `${this.url}/proxy/${podId}/8675${path}`, {
      headers: { authorization: 'Bearer secret' },
      ...(body !== undefined && { body }),
    });
  }

  async configure(config: ConfigPatch): Promise<void> {
    await this.#admin.configure(config);
  }

  async fault(...faults: NewFault[]): Promise<void> {
    await this.#admin.addFault(faults);
  }

  book(): Promise<Book> {
    return this.#admin.book();
  }

  /** Rents a pod and waits until its AI Toolkit answers. */
  async pod(name: string): Promise<string> {
    const created = await this.runpod('POST', '/v2/pods', podRequest(name));
    if (created.status !== 201) throw new Error(created.text);
    await until(async () => (await this.toolkit(created.body.id, 'GET', '/api/auth')).status === 200);
    return created.body.id;
  }

  /** Uploads two photos and starts a training; answers the job's id. */
  async train(podId: string, name: string, overrides: object = {}, photos = ['one.jpg', 'two.jpg']): Promise<string> {
    await this.upload(
      podId,
      `${name}_set`,
      photos.map((photo) => ({ name: photo, bytes: Buffer.alloc(2000, photo) })),
    );
    const created = await this.toolkit(podId, 'POST', '/api/jobs', {
      name,
      gpu_ids: '0',
      job_config: jobConfig(name, overrides),
    });
    await this.startJob(podId, created.body.id);
    return created.body.id;
  }

  async startJob(podId: string, id: string): Promise<void> {
    await this.toolkit(podId, 'GET', `/api/jobs/${id}/start`);
    await this.toolkit(podId, 'GET', '/api/queue/0/start');
  }

  /** Puts files into a dataset's folder. */
  async upload(podId: string, dataset: string, files: NamedBytes[]): Promise<void> {
    await this.toolkit(podId, 'GET', '/api/datasets/list');
    await this.toolkit(podId, 'POST', '/api/datasets/create', { name: dataset });
    const form = new FormData();
    for (const { name, bytes } of files) form.append('files', new Blob([new Uint8Array(bytes)]), name);
    form.append('datasetName', dataset);
    const answer = await this.toolkit(podId, 'POST', '/api/datasets/upload', form);
    if (answer.status !== 200) throw new Error(answer.text);
  }

  /** Puts files into the folder of a job that is yet to be created, with the datasets folder pointed at the jobs. */
  async restore(podId: string, jobName: string, files: NamedBytes[]): Promise<void> {
    const { body: settings } = await this.toolkit(podId, 'GET', '/api/settings');
    const point = (folder: string): Promise<Answer> =>
      this.toolkit(podId, 'POST', '/api/settings', { HF_TOKEN: '', ...settings, DATASETS_FOLDER: folder });
    await point(settings.TRAINING_FOLDER);
    await this.upload(podId, jobName, files);
    await point(settings.DATASETS_FOLDER);
  }

  /** Names and sizes of a job's weights and optimizer, in the order of the list. */
  async files(podId: string, id: string): Promise<{ name: string; path: string; size: number }[]> {
    const { files } = (await this.toolkit(podId, 'GET', `/api/jobs/${id}/files`)).body;
    return files.map((file: { path: string; size: number }) => ({ ...file, name: file.path.split('/').at(-1) ?? '' }));
  }

  /** One of a job's files by its name. */
  async download(podId: string, id: string, name: string): Promise<Buffer> {
    const file = (await this.files(podId, id)).find((candidate) => candidate.name === name);
    if (file === undefined) throw new Error(`the job has no ${name}`);
    const response = await fetch(`${this.url}/proxy/${podId}/8675/api/files/${encodeURIComponent(file.path)}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async log(podId: string, id: string): Promise<string> {
    return (await this.toolkit(podId, 'GET', `/api/jobs/${id}/log`)).body.log;
  }

  /** Loss by step (0-based), as far as the pod knows it. */
  async losses(podId: string, id: string): Promise<Map<number, number>> {
    const { points } = (await this.toolkit(podId, 'GET', `/api/jobs/${id}/loss?key=loss%2Floss`)).body;
    return new Map(points.map(({ step, value }: { step: number; value: number }) => [step, value]));
  }

  /** Skips time. */
  async advance(ms: number): Promise<void> {
    await this.#admin.advance(ms);
  }

  async job(podId: string, id: string): Promise<Json> {
    return (await this.toolkit(podId, 'GET', `/api/jobs?id=${id}`)).body;
  }

  /** The row once it is neither queued nor running. */
  async ended(podId: string, id: string): Promise<Json> {
    await until(async () => !['queued', 'running'].includes((await this.job(podId, id)).status));
    return this.job(podId, id);
  }
}

export function podRequest(name: string): Record<string, unknown> {
  return {
    name,
    image: 'ostris/aitoolkit:latest',
    gpu: { id: 'NVIDIA GeForce RTX 4090', count: 1 },
    cloud: 'SECURE',
    disk: 60,
    ports: ['8675/http'],
    env: { AI_TOOLKIT_AUTH: 'secret' },
  };
}

function jobConfig(name: string, overrides: object = {}): object {
  const process = {
    type: 'diffusion_trainer',
    training_folder: '/app/ai-toolkit/output',
    sqlite_db_path: './aitk_db.db',
    device: 'cuda',
    trigger_word: 'ohwx',
    performance_log_every: 10,
    network: { type: 'lora', linear: 16, linear_alpha: 16 },
    save: { dtype: 'bf16', save_every: 10, max_step_saves_to_keep: 4 },
    datasets: [{ folder_path: `/app/ai-toolkit/datasets/${name}_set`, caption_ext: 'txt', resolution: [512] }],
    train: { batch_size: 1, steps: 30, lr: 0.0001 },
    logging: { log_every: 1, use_ui_logger: true },
    model: { name_or_path: 'black-forest-labs/FLUX.1-dev', arch: 'flux' },
    sample: { sample_every: 10, samples: [{ prompt: 'ohwx' }] },
    ...overrides,
  };
  return { job: 'extension', config: { name, process: [process] }, meta: { name: '[name]', version: '1.0' } };
}

/** Polls until the condition holds; fails after ten seconds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
