/** Builds AI Toolkit's `job_config`, complete as its UI posts it (commit 27a03a91, 2026-08-21). */
import { BASE_MODEL_FACTS } from '../../../core/base-model.ts';
import { TemperaError } from '../../../core/failure.ts';
import type { DatasetFolder, JobOrder } from '../trainer.ts';
import { MODEL_TABLE } from './model-table.ts';

interface PodPaths {
  /** From GET /api/settings, never hard-coded. */
  readonly trainingFolder: string;
  readonly datasetsFolder: string;
}

/** An unweighted dataset: one folder, each photo once per epoch. */
const WHOLE: DatasetFolder = { name: '', repeats: 1 };

/** Saves kept on the pod; each one is copied to our store before it is pruned. The UI's default. */
const CHECKPOINTS_KEPT = 4;

/**
 * The body of POST /api/jobs without its id. Throws RECIPE_INVALID when text in it could reach the pod's environment.
 */
export function buildJobConfig(job: JobOrder, paths: PodPaths): Record<string, unknown> {
  const { jobName, datasetName, recipe, folders = [WHOLE] } = job;
  const row = MODEL_TABLE[recipe.baseModel];
  const facts = BASE_MODEL_FACTS[recipe.baseModel];
  const process = {
    type: 'diffusion_trainer',
    training_folder: paths.trainingFolder,
    sqlite_db_path: './aitk_db.db',
    device: 'cuda',
    trigger_word: recipe.triggerWord,
    performance_log_every: 10,
    network: {
      type: 'lora',
      linear: recipe.rank,
      linear_alpha: recipe.rank,
      conv: Math.max(1, recipe.rank / 2),
      conv_alpha: Math.max(1, recipe.rank / 2),
      lokr_full_rank: true,
      lokr_factor: -1,
      network_kwargs: { ignore_if_contains: [] },
    },
    save: {
      dtype: 'bf16',
      save_every: recipe.checkpointInterval,
      max_step_saves_to_keep: CHECKPOINTS_KEPT,
      save_format: 'diffusers',
      push_to_hub: false,
    },
    datasets: folders.map((folder) => ({
      folder_path: `${paths.datasetsFolder}/${folderName(datasetName, folder.name)}`,
      mask_path: null,
      mask_min_value: 0.1,
      default_caption: recipe.triggerWord,
      caption_ext: 'txt',
      caption_dropout_rate: 0.05,
      cache_latents_to_disk: false,
      is_reg: false,
      network_weight: 1,
      resolution: [...recipe.resolution],
      controls: [],
      shrink_video_to_frames: true,
      num_frames: 1,
      flip_x: false,
      flip_y: false,
      num_repeats: folder.repeats,
      ...row.dataset,
    })),
    train: {
      batch_size: recipe.batchSize,
      bypass_guidance_embedding: false,
      steps: recipe.steps,
      gradient_accumulation: 1,
      train_unet: true,
      train_text_encoder: false,
      gradient_checkpointing: true,
      noise_scheduler: row.scheduler,
      optimizer: 'adamw8bit',
      timestep_type: row.timestepType,
      content_or_style: 'balanced',
      optimizer_params: { weight_decay: 1e-4 },
      unload_text_encoder: false,
      cache_text_embeddings: false,
      lr: recipe.learningRate,
      ema_config: { use_ema: false, ema_decay: 0.99 },
      // Baseline pictures before the first step show only the base model and cost a minute of rent.
      skip_first_sample: true,
      force_first_sample: false,
      disable_sampling: recipe.samplePrompts.length === 0,
      dtype: 'bf16',
      diff_output_preservation: false,
      diff_output_preservation_multiplier: 1,
      diff_output_preservation_class: 'person',
      switch_boundary_every: 1,
      loss_type: 'mse',
      ...row.train,
    },
    logging: { log_every: 1, use_ui_logger: true },
    model: {
      name_or_path: facts.repo,
      quantize: row.quantize,
      qtype: 'qfloat8',
      quantize_te: row.quantizeTextEncoder,
      qtype_te: 'qfloat8',
      arch: row.arch,
      low_vram: recipe.lowVram,
      model_kwargs: { ...row.modelKwargs },
      compile: false,
      ...row.model,
    },
    sample: {
      sampler: row.scheduler,
      sample_every: Math.max(1, recipe.sampleInterval),
      sample_start_step: 0,
      width: facts.sampleSize,
      height: facts.sampleSize,
      samples: recipe.samplePrompts.map((prompt) => ({ prompt })),
      neg: '',
      seed: recipe.seed,
      walk_seed: true,
      guidance_scale: row.guidanceScale,
      sample_steps: row.sampleSteps,
      num_frames: 1,
      fps: 1,
    },
  };
  const config = {
    job: 'extension',
    config: { name: jobName, process: [process] },
    meta: { name: '[name]', version: '1.0' },
  };
  // The trainer replaces ${NAME} anywhere in the text by the pod's environment. The request was checked; this is the
  // last gate.
  if (JSON.stringify(config).includes('${')) {
    throw new TemperaError(
      'RECIPE_INVALID',
      'The recipe contains "${", which the trainer would replace with a secret of the pod',
    );
  }
  return config;
}

/**
 * Full name of a folder of a dataset. The trainer keeps only a-z, 0-9 and `_` of the name that a folder is created
 * with.
 */
export function folderName(datasetName: string, folder: string): string {
  return folder === '' ? datasetName : `${datasetName}_${folder}`;
}
