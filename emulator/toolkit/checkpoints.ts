import { open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { hashSeed } from '../core/random.ts';
import { keyStyle } from './lora-keys.ts';
import { readMetadata, writeWeights } from './safetensors.ts';
import type { WorldConfig } from '../core/config.ts';
import type { Disk } from './disk.ts';
import type { TrainerConfig } from './trainer-config.ts';

/** The weights files of one job folder (ostris/ai-toolkit@27a03a91 jobs/process/BaseSDTrainProcess.py, names as recorded). */
export class Checkpoints {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #config: TrainerConfig;

  constructor(params: { disk: Disk; folder: string; config: TrainerConfig }) {
    this.#disk = params.disk;
    this.#folder = params.folder;
    this.#config = params.config;
  }

  #real(name: string): string {
    return this.#disk.real(`${this.#folder}/${name}`);
  }

  /** Writes the files of a step, or the final ones, and the single optimizer.pt; answers their names. */
  async save(params: {
    step: number;
    isFinal: boolean;
    world: WorldConfig;
    signal: AbortSignal;
    spoil?: 'corrupt' | 'truncate';
  }): Promise<string[]> {
    const { name, weightSuffixes, rank, arch, saveDtype } = this.#config;
    const { step, isFinal, world, signal } = params;
    const stem = isFinal ? name : `${name}_${String(step).padStart(9, '0')}`;
    const names = weightSuffixes.map((suffix) => `${stem}${suffix}.safetensors`);
    for (const file of names) {
      const seed = hashSeed(world.seed, file, step);
      const metadata = this.#metadata(step, seed);
      await writeWeights(
        this.#real(file),
        { arch, rank, dtype: saveDtype, sizeBytes: world.loraBytes, metadata, seed },
        signal,
      );
      if (params.spoil) await spoilFile(this.#real(file), params.spoil);
    }
    await writeFile(this.#real('optimizer.pt'), Buffer.alloc(world.optimizerBytes, `PK\u0003\u0004step ${step};`));
    return names;
  }

  #metadata(step: number, seed: number): Record<string, string> {
    const { name, triggerWord, arch } = this.#config;
    return {
      training_info: JSON.stringify({ step, epoch: Math.floor(step / 100) }),
      ss_base_model_version: keyStyle(arch).baseVersion,
      ss_output_name: name,
      ...(triggerWord && { ss_tag_frequency: JSON.stringify({ '1_photos': { [triggerWord]: 1 } }) }),
      name,
      version: '1.0',
      software: JSON.stringify({
        name: 'ai-toolkit',
        repo: 'https://github.com/ostris/ai-toolkit',
        version: '0.12.26',
      }),
      sshs_model_hash: seed.toString(16).padStart(64, '0'),
      sshs_legacy_hash: seed.toString(16).padStart(8, '0').slice(0, 8),
      format: 'pt',
    };
  }

  /** Removes the oldest stepped checkpoints; Wan keeps twice the count, as it has two files per save. */
  async prune(): Promise<void> {
    const stepped = (await this.#names())
      .filter((file) => /_\d{9}(?:_(?:high|low)_noise)?\.safetensors$/.test(file))
      .toSorted();
    const keep = this.#config.maxSaves * Math.max(1, this.#config.weightSuffixes.length);
    for (const file of stepped.slice(0, Math.max(0, stepped.length - keep))) await rm(this.#real(file));
  }

  /** The newest checkpoint by ctime (then by name) and its step; throws when that file is broken. */
  async newest(): Promise<{ path: string; step: number } | undefined> {
    const found: { name: string; ctimeNs: bigint }[] = [];
    for (const name of await this.#names()) {
      if (!name.endsWith('.safetensors')) continue;
      found.push({ name, ctimeNs: (await stat(this.#real(name), { bigint: true })).ctimeNs });
    }
    const newest = found
      .toSorted((a, b) => (a.ctimeNs === b.ctimeNs ? a.name.localeCompare(b.name) : a.ctimeNs < b.ctimeNs ? -1 : 1))
      .at(-1);
    if (newest === undefined) return undefined;
    const metadata = await readMetadata(this.#real(newest.name));
    const info = JSON.parse(metadata['training_info'] ?? '{}') as { step?: number };
    return { path: `${this.#folder}/${newest.name}`, step: info.step ?? 0 };
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#disk.real(this.#folder)).catch(() => []);
    return names.filter((file) => file.startsWith(this.#config.name));
  }
}

async function spoilFile(path: string, how: 'corrupt' | 'truncate'): Promise<void> {
  const { size } = await stat(path);
  if (how === 'truncate') return truncate(path, Math.floor(size / 2));
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.from('not json'), 0, 8, 8);
  } finally {
    await file.close();
  }
}
