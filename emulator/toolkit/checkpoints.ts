import { createHash } from 'node:crypto';
import { access, open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { hashSeed } from '../core/random.ts';
import { keyStyle } from './lora-keys.ts';
import { readOptimizer, writeOptimizer } from './optimizer-file.ts';
import { readMetadata, writeWeights } from './safetensors.ts';
import type { Disk } from './disk.ts';
import type { LearnedWeights, Momentum } from './learner.ts';
import type { OptimizerFile } from './optimizer-file.ts';
import type { TrainerConfig } from './trainer-config.ts';

/**
 * The weights files of one job folder (ostris/ai-toolkit@27a03a91 jobs/process/BaseSDTrainProcess.py, names as
 * recorded).
 */
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

  get optimizerPath(): string {
    return `${this.#folder}/optimizer.pt`;
  }

  /** The path that the log names for a save. */
  path({ step, isFinal }: { step: number; isFinal: boolean }): string {
    return `${this.#folder}/${this.#stem(step, isFinal)}.safetensors`;
  }

  #stem(step: number, isFinal: boolean): string {
    return isFinal ? this.#config.name : `${this.#config.name}_${String(step).padStart(9, '0')}`;
  }

  /** Writes the weights of a step, or the final ones; returns the paths. */
  async saveWeights(params: {
    step: number;
    isFinal: boolean;
    learned: LearnedWeights;
    sizeBytes: number;
    signal: AbortSignal;
    pause?: (() => Promise<void>) | undefined;
    spoil?: 'corrupt' | 'truncate' | undefined;
  }): Promise<string[]> {
    const { weightSuffixes, rank, arch, saveDtype } = this.#config;
    const { step, isFinal, learned, sizeBytes, signal, pause, spoil } = params;
    const names = weightSuffixes.map((suffix) => `${this.#stem(step, isFinal)}${suffix}.safetensors`);
    for (const [index, file] of names.entries()) {
      const suffix = weightSuffixes[index] ?? '';
      const metadata = this.#metadata(step, learned, suffix);
      const seed = hashSeed(learned.weights, suffix);
      await writeWeights(
        this.#real(file),
        { arch, rank, dtype: saveDtype, sizeBytes, metadata, seed },
        { signal, pause },
      );
      if (spoil) await spoilFile(this.#real(file), spoil);
    }
    return names.map((file) => `${this.#folder}/${file}`);
  }

  /** Overwrites the single optimizer.pt. */
  async saveOptimizer(params: {
    momentum: Momentum;
    sizeBytes: number;
    pause?: (() => Promise<void>) | undefined;
    spoil?: 'truncate' | undefined;
  }): Promise<void> {
    await writeOptimizer({ path: this.#real('optimizer.pt'), ...params });
    if (params.spoil) await spoilFile(this.#real('optimizer.pt'), params.spoil);
  }

  readOptimizer(): Promise<OptimizerFile> {
    return readOptimizer(this.#real('optimizer.pt'));
  }

  #metadata(step: number, learned: LearnedWeights, suffix: string): Record<string, string> {
    const { name, triggerWord, arch } = this.#config;
    // The real ones are hashes of the tensors, so they follow from what was learned and not from the name.
    const hash = createHash('sha256').update(`${learned.weights}${suffix}`).digest('hex');
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
      sshs_model_hash: hash,
      sshs_legacy_hash: hash.slice(0, 8),
      format: 'pt',
      emulated_weights: JSON.stringify(learned),
    };
  }

  /**
   * Removes the oldest stepped checkpoints and returns their paths; Wan keeps twice the count, as it has two files per
   * save.
   */
  async prune(): Promise<string[]> {
    const stepped = (await this.#names())
      .filter((file) => /_\d{9}(?:_(?:high|low)_noise)?\.safetensors$/.test(file))
      .toSorted();
    const keep = this.#config.maxSaves * Math.max(1, this.#config.weightSuffixes.length);
    const removed = stepped.slice(0, Math.max(0, stepped.length - keep));
    for (const file of removed) await rm(this.#real(file));
    return removed.map((file) => `${this.#folder}/${file}`);
  }

  /**
   * The newest checkpoint by ctime (then by name), its step and its contents; throws when one of its files is broken.
   */
  async newest(): Promise<{ path: string; step: number; learned: LearnedWeights } | undefined> {
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
    const learned = await this.#complete(newest.name, learnedOf(metadata));
    return { path: `${this.#folder}/${newest.name}`, step: info.step ?? 0, learned };
  }

  /** Wan 2.2 14B loads the other expert of the same save beside it; one that is missing silently starts at zero. */
  async #complete(name: string, learned: LearnedWeights): Promise<LearnedWeights> {
    for (const suffix of this.#config.weightSuffixes) {
      const sibling = name.replace(/(?:_(?:high|low)_noise)?\.safetensors$/, `${suffix}.safetensors`);
      if (sibling === name) continue;
      const isThere = await access(this.#real(sibling)).then(
        () => true,
        () => false,
      );
      if (isThere) await readMetadata(this.#real(sibling));
      else return { weights: digest(`${learned.weights} without ${suffix}`), steadySteps: 0 };
    }
    return learned;
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#disk.real(this.#folder)).catch(() => []);
    return names.filter((file) => file.startsWith(this.#config.name));
  }
}

/** Weights that no emulated trainer has written count as arbitrary weights. */
function learnedOf(metadata: Record<string, string>): LearnedWeights {
  const text = metadata['emulated_weights'];
  if (text !== undefined) return JSON.parse(text) as LearnedWeights;
  return { weights: digest(JSON.stringify(metadata)), steadySteps: 0 };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
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
