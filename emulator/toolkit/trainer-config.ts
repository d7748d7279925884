import { isRecord } from '../core/http.ts';

/** What the trainer reads of a job_config, with the trainer's own defaults (toolkit/config_modules.py). */
export interface TrainerConfig {
  name: string;
  /** Only these process types write progress into the database. */
  reportsProgress: boolean;
  trainingFolder: string;
  triggerWord: string | null;
  performanceLogEvery: number;
  rank: number;
  saveDtype: string;
  saveEvery: number;
  maxSaves: number;
  datasets: { folder_path: string; caption_ext?: string }[];
  steps: number;
  learningRate: number;
  disableSampling: boolean;
  skipFirstSample: boolean;
  sampleEvery: number;
  sampleCount: number;
  sampleFormat: string;
  usesLossLog: boolean;
  arch: string;
  baseModel: string;
  /** Suffixes of the files of one save: two for Wan 2.2 14B. */
  weightSuffixes: string[];
  /**
   * Everything that decides what is learned, as text; two jobs with the same text learn the same from the same photos.
   */
  recipe: string;
}

/** Raised for what the real trainer refuses before it has a trainer object: the process just exits with 1. */
export class ConfigError extends Error {}

/** Replaces `${NAME}` like toolkit/config.py: an unset name fails the job. */
function replaceVariables(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined)
      throw new ConfigError(`Environment variable ${name} not set. Please ensure it's defined before proceeding.`);
    return JSON.stringify(value).slice(1, -1);
  });
}

/** Parses the config as the trainer sees it. */
export function parseTrainerConfig(raw: unknown, env: Record<string, string>): TrainerConfig {
  const config = section(JSON.parse(replaceVariables(JSON.stringify(raw), env)) as unknown, 'config');
  const name = text(config['name'], '');
  if (name === '') throw new ConfigError("'name' must be specified in config");
  const process = (config['process'] as unknown[] | undefined)?.[0];
  if (!isRecord(process)) throw new ConfigError('process is not an object');
  const type = text(process['type'], '');
  if (!['diffusion_trainer', 'ui_trainer', 'sd_trainer', 'concept_slider'].includes(type))
    throw new ConfigError(`Could not find process type ${type}`);

  const network = section(process, 'network');
  const save = section(process, 'save');
  const train = section(process, 'train');
  const model = section(process, 'model');
  const sample = section(process, 'sample');
  const samples = (sample['samples'] ?? sample['prompts']) as unknown[] | undefined;
  const arch = text(model['arch'], 'sd1').split(':')[0] ?? '';
  return {
    name,
    reportsProgress: type !== 'sd_trainer',
    trainingFolder: text(process['training_folder'], 'output'),
    triggerWord: typeof process['trigger_word'] === 'string' ? process['trigger_word'] : null,
    performanceLogEvery: number(process['performance_log_every'], 0),
    rank: number(network['linear'], 4),
    saveDtype: text(save['dtype'], 'float16'),
    saveEvery: number(save['save_every'], 1000),
    maxSaves: number(save['max_step_saves_to_keep'], 5),
    datasets: (process['datasets'] as TrainerConfig['datasets'] | undefined) ?? [],
    steps: number(train['steps'], 1000),
    learningRate: number(train['lr'], 1e-6),
    disableSampling: train['disable_sampling'] === true,
    skipFirstSample: train['skip_first_sample'] === true,
    sampleEvery: number(sample['sample_every'], 100),
    sampleCount: samples?.length ?? 0,
    sampleFormat: text(sample['format'], 'jpg'),
    usesLossLog: section(process, 'logging')['use_ui_logger'] === true,
    arch,
    baseModel: text(model['name_or_path'], ''),
    weightSuffixes: arch.startsWith('wan22_14b') ? experts(section(model, 'model_kwargs')) : [''],
    recipe: recipeOf(process),
  };
}

// How long, where and on how little memory it trains does not change the numbers; nor do samples and saves.
const besideRecipe = new Set([
  'steps',
  'disable_sampling',
  'skip_first_sample',
  'force_first_sample',
  'gradient_checkpointing',
  'low_vram',
  'layer_offloading',
  'layer_offloading_transformer_percent',
  'layer_offloading_text_encoder_percent',
  'compile',
  'folder_path',
  'cache_latents_to_disk',
]);

/** `sample.seed` is no part of it: the real trainer's only seed for training is `training_seed`. */
function recipeOf(process: Record<string, unknown>): string {
  const parts = ['trigger_word', 'training_seed', 'network', 'datasets', 'train', 'model'];
  return JSON.stringify(
    parts.map((key) => process[key] ?? null),
    (key, value: unknown) => {
      if (besideRecipe.has(key)) return undefined;
      if (!isRecord(value)) return value;
      return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    },
  );
}

function experts(kwargs: Record<string, unknown>): string[] {
  return [
    ...(kwargs['train_high_noise'] === false ? [] : ['_high_noise']),
    ...(kwargs['train_low_noise'] === false ? [] : ['_low_noise']),
  ];
}

function section(value: unknown, key: string): Record<string, unknown> {
  const found = isRecord(value) ? value[key] : undefined;
  return isRecord(found) ? found : {};
}

function text(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function number(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback;
}
