/**
 * The base models that a LoRA can be trained on, with what one needs to know about each: repository, licence, memory
 * needed and default recipe. Trainer-specific values (arch, quantisation) are in providers/trainers.
 *
 * Sources: AI Toolkit's UI options at commit 27a03a91 (2026-08-21) for repositories; the founding documents (landscape
 * S0-09, S0-16, S0-17) for steps, checkpoint interval and resolution; AI Toolkit's FAQ and example file names for
 * memory.
 */

export const BASE_MODELS = [
  'flux',
  'flux2',
  'z-image-turbo',
  'wan-2.1',
  'wan-2.2',
  'sdxl',
  'sd-1.5',
  'qwen-image',
] as const;
export type BaseModel = (typeof BASE_MODELS)[number];

/** The founding documents' names for Wan ("One" is a mishearing); accepted wherever a base model is named. */
const ALIASES: Readonly<Record<string, BaseModel>> = { 'one-2.1': 'wan-2.1', 'one-2.2': 'wan-2.2' };

interface Licence {
  /** Licence id of the Hub's model card, or `other`. */
  readonly id: string;
  readonly name?: string;
  readonly link?: string;
}

export interface BaseModelFacts {
  readonly label: string;
  /** Repository on the Hugging Face Hub. */
  readonly repo: string;
  /** True when the repository requires its licence to be accepted: HF_TOKEN is then needed. */
  readonly gated: boolean;
  readonly licence: Licence;
  /** GPU memory that the default recipe needs. GB. */
  readonly minVramGb: number;
  readonly defaults: { readonly steps: number; readonly resolution: readonly number[]; readonly lowVram: boolean };
  /**
   * Sides of trained pictures are multiples of this, in pixels: AI Toolkit's `get_bucket_divisibility` (read 2026-08 at
   * commit 27a03a91). FLUX.2, Z-Image and Wan say 16, Qwen-Image 32. FLUX.1, SDXL and SD 1.5 use the older rule, which
   * doubles the VAE's 8, and FLUX.1's packing doubles it again.
   */
  readonly sideDivisor: 16 | 32;
  /** Side of samples in pixels. */
  readonly sampleSize: number;
  /** Files per checkpoint: Wan 2.2 trains two experts. */
  readonly filesPerCheckpoint: 1 | 2;
}

const FLUX_DEV_LICENCE = {
  id: 'other',
  name: 'flux-1-dev-non-commercial-license',
  link: 'https://huggingface.co/black-forest-labs/FLUX.1-dev/blob/main/LICENSE.md',
} as const;

export const BASE_MODEL_FACTS: Readonly<Record<BaseModel, BaseModelFacts>> = {
  flux: {
    label: 'FLUX.1 dev',
    repo: 'black-forest-labs/FLUX.1-dev',
    gated: true,
    licence: FLUX_DEV_LICENCE,
    minVramGb: 24,
    defaults: { steps: 1_000, resolution: [1_024], lowVram: false },
    sideDivisor: 32,
    sampleSize: 1_024,
    filesPerCheckpoint: 1,
  },
  flux2: {
    label: 'FLUX.2 dev',
    repo: 'black-forest-labs/FLUX.2-dev',
    gated: true,
    licence: {
      id: 'other',
      name: 'flux-2-dev-non-commercial-license',
      link: 'https://huggingface.co/black-forest-labs/FLUX.2-dev/blob/main/LICENSE.txt',
    },
    minVramGb: 48,
    defaults: { steps: 1_000, resolution: [1_024], lowVram: true },
    sideDivisor: 16,
    sampleSize: 1_024,
    filesPerCheckpoint: 1,
  },
  'z-image-turbo': {
    label: 'Z-Image Turbo',
    repo: 'Tongyi-MAI/Z-Image-Turbo',
    gated: false,
    licence: { id: 'apache-2.0' },
    minVramGb: 24,
    defaults: { steps: 2_500, resolution: [1_024], lowVram: true },
    sideDivisor: 16,
    sampleSize: 1_024,
    filesPerCheckpoint: 1,
  },
  'wan-2.1': {
    label: 'Wan 2.1 14B',
    repo: 'Wan-AI/Wan2.1-T2V-14B-Diffusers',
    gated: false,
    licence: { id: 'apache-2.0' },
    minVramGb: 24,
    defaults: { steps: 2_500, resolution: [512], lowVram: true },
    sideDivisor: 16,
    sampleSize: 512,
    filesPerCheckpoint: 1,
  },
  'wan-2.2': {
    label: 'Wan 2.2 14B',
    repo: 'ai-toolkit/Wan2.2-T2V-A14B-Diffusers-bf16',
    gated: false,
    licence: { id: 'apache-2.0' },
    minVramGb: 24,
    defaults: { steps: 2_500, resolution: [512], lowVram: true },
    sideDivisor: 16,
    sampleSize: 512,
    filesPerCheckpoint: 2,
  },
  sdxl: {
    label: 'SDXL 1.0',
    repo: 'stabilityai/stable-diffusion-xl-base-1.0',
    gated: false,
    licence: { id: 'openrail++' },
    minVramGb: 24,
    defaults: { steps: 2_000, resolution: [1_024], lowVram: false },
    sideDivisor: 16,
    sampleSize: 1_024,
    filesPerCheckpoint: 1,
  },
  'sd-1.5': {
    label: 'Stable Diffusion 1.5',
    repo: 'stable-diffusion-v1-5/stable-diffusion-v1-5',
    gated: false,
    licence: { id: 'creativeml-openrail-m' },
    minVramGb: 16,
    defaults: { steps: 2_000, resolution: [512], lowVram: false },
    sideDivisor: 16,
    sampleSize: 512,
    filesPerCheckpoint: 1,
  },
  'qwen-image': {
    label: 'Qwen-Image',
    repo: 'Qwen/Qwen-Image',
    gated: false,
    licence: { id: 'apache-2.0' },
    minVramGb: 32,
    defaults: { steps: 2_500, resolution: [1_024], lowVram: true },
    sideDivisor: 32,
    sampleSize: 1_024,
    filesPerCheckpoint: 1,
  },
};

/** Reads a base model's name, aliases included; null when there is no such model. */
export function parseBaseModel(name: string): BaseModel | null {
  const found = BASE_MODELS.find((model) => model === name);
  return found ?? (Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? null) : null);
}

/** Every name that `parseBaseModel` accepts. */
export const BASE_MODEL_NAMES: readonly string[] = [...BASE_MODELS, ...Object.keys(ALIASES)];
