/**
 * How AI Toolkit's own UI sets up each base model, computed from its code at commit 27a03a91 (0.12.26, 2026-08-21). We
 * always post a complete config: the trainer's defaults for missing keys differ from the UI's and are unusable (lr
 * 1e-6, fp32, rank 4).
 */
import type { BaseModel } from '../../../core/base-model.ts';

interface ModelRow {
  readonly arch: string;
  readonly quantize: boolean;
  readonly quantizeTextEncoder: boolean;
  readonly timestepType: 'sigmoid' | 'weighted' | 'linear';
  readonly scheduler: 'flowmatch' | 'ddpm';
  readonly guidanceScale: number;
  readonly sampleSteps: number;
  readonly modelKwargs: Readonly<Record<string, unknown>>;
  /** Further keys of the `model` block. */
  readonly model: Readonly<Record<string, unknown>>;
  /** Further keys of each dataset. */
  readonly dataset: Readonly<Record<string, unknown>>;
  /** Further keys of the `train` block. */
  readonly train: Readonly<Record<string, unknown>>;
}

const FLOW_MODEL: ModelRow = {
  arch: '',
  quantize: true,
  quantizeTextEncoder: true,
  timestepType: 'weighted',
  scheduler: 'flowmatch',
  guidanceScale: 4,
  sampleSteps: 30,
  modelKwargs: {},
  model: {},
  dataset: {},
  train: {},
};

const DIFFUSION_MODEL: ModelRow = {
  ...FLOW_MODEL,
  quantize: false,
  quantizeTextEncoder: false,
  timestepType: 'sigmoid',
  scheduler: 'ddpm',
  guidanceScale: 6,
};

export const MODEL_TABLE: Readonly<Record<BaseModel, ModelRow>> = {
  flux: { ...FLOW_MODEL, arch: 'flux', timestepType: 'sigmoid' },
  flux2: {
    ...FLOW_MODEL,
    arch: 'flux2',
    modelKwargs: { match_target_res: false },
    model: {
      layer_offloading: false,
      layer_offloading_text_encoder_percent: 1,
      layer_offloading_transformer_percent: 1,
    },
    dataset: { control_path_1: null, control_path_2: null, control_path_3: null },
  },
  'z-image-turbo': {
    ...FLOW_MODEL,
    arch: 'zimage:turbo',
    guidanceScale: 1,
    sampleSteps: 9,
    // Without this adapter a few hundred steps wear off the distillation of the turbo model.
    model: { assistant_lora_path: 'ostris/zimage_turbo_training_adapter/zimage_turbo_training_adapter_v2.safetensors' },
  },
  // Wan makes videos; stills of a character need only single frames (founding documents: "not video, too slow").
  'wan-2.1': { ...FLOW_MODEL, arch: 'wan21:14b', timestepType: 'sigmoid', quantizeTextEncoder: true },
  'wan-2.2': {
    ...FLOW_MODEL,
    arch: 'wan22_14b:t2v',
    timestepType: 'linear',
    modelKwargs: { train_high_noise: true, train_low_noise: true },
    model: { qtype: 'uint4|ostris/accuracy_recovery_adapters/wan22_14b_t2i_torchao_uint4.safetensors' },
    dataset: { cache_text_embeddings: true },
    train: { switch_boundary_every: 10, cache_text_embeddings: true },
  },
  sdxl: { ...DIFFUSION_MODEL, arch: 'sdxl' },
  'sd-1.5': { ...DIFFUSION_MODEL, arch: 'sd15' },
  'qwen-image': {
    ...FLOW_MODEL,
    arch: 'qwen_image',
    model: { qtype: 'uint3|ostris/accuracy_recovery_adapters/qwen_image_torchao_uint3.safetensors' },
  },
};
