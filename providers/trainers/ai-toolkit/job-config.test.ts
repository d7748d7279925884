import { describe, expect, test } from 'vitest';
import { BASE_MODELS } from '../../../core/base-model.ts';
import { resolveRecipe } from '../../../core/recipe.ts';
import { buildJobConfig } from './job-config.ts';

const PATHS = { trainingFolder: '/app/ai-toolkit/output', datasetsFolder: '/app/ai-toolkit/datasets' };

// The trainer's config is a deep plain object; the tests look into it freely.
// oxlint-disable-next-line typescript/no-explicit-any
function processOf(config: Record<string, unknown>): any {
  return (config['config'] as { process: unknown[] }).process[0];
}

describe('the job config', () => {
  test.each(BASE_MODELS)('for %s is complete and names its job', (baseModel) => {
    const config = buildJobConfig(
      { jobName: 'lora_1', datasetName: 'ds_1', recipe: resolveRecipe(baseModel, 'ohwx') },
      PATHS,
    );
    const process = processOf(config);

    expect(config).toMatchObject({ job: 'extension', config: { name: 'lora_1' } });
    expect(process.type).toBe('diffusion_trainer');
    expect(process.datasets).toHaveLength(1);
    expect(process.datasets[0]).toMatchObject({
      folder_path: '/app/ai-toolkit/datasets/ds_1',
      caption_ext: 'txt',
      num_frames: 1,
      num_repeats: 1,
    });
    expect(process.train).toMatchObject({ lr: 1e-4, dtype: 'bf16', optimizer: 'adamw8bit' });
    expect(process.logging).toEqual({ log_every: 1, use_ui_logger: true });
    expect(process.model.arch).not.toBe('');
    expect(process.sample.samples[0].prompt).toContain('ohwx');
    expect(process.train.cache_text_embeddings).toBe(process.datasets[0].cache_text_embeddings ?? false);
  });

  test('has an entry for every folder of the dataset, with its repeats and the keys of the model', () => {
    const process = processOf(
      buildJobConfig(
        {
          jobName: 'lora_1',
          datasetName: 'ds_1',
          recipe: resolveRecipe('wan-2.2', 'ohwx'),
          folders: [
            { name: 'full', repeats: 4 },
            { name: 'upper', repeats: 1 },
          ],
        },
        PATHS,
      ),
    );

    expect(process.datasets).toMatchObject([
      { folder_path: '/app/ai-toolkit/datasets/ds_1_full', num_repeats: 4, cache_text_embeddings: true },
      { folder_path: '/app/ai-toolkit/datasets/ds_1_upper', num_repeats: 1, cache_text_embeddings: true },
    ]);
  });

  test('SDXL and SD 1.5 use ddpm in sampler and scheduler', () => {
    const process = processOf(
      buildJobConfig({ jobName: 'lora_1', datasetName: 'ds_1', recipe: resolveRecipe('sdxl', 'ohwx') }, PATHS),
    );

    expect([process.train.noise_scheduler, process.sample.sampler, process.model.quantize]).toEqual([
      'ddpm',
      'ddpm',
      false,
    ]);
  });

  test('Z-Image Turbo trains with its adapter', () => {
    const process = processOf(
      buildJobConfig({ jobName: 'lora_1', datasetName: 'ds_1', recipe: resolveRecipe('z-image-turbo', 'ohwx') }, PATHS),
    );

    expect(process.model.assistant_lora_path).toContain('zimage_turbo_training_adapter');
    expect(process.sample).toMatchObject({ guidance_scale: 1, sample_steps: 9 });
  });

  test('text that would reach the pod’s environment never leaves the house', () => {
    const recipe = { ...resolveRecipe('flux', 'ohwx'), samplePrompts: ['a ${HF_TOKEN} portrait'] };

    expect(() => buildJobConfig({ jobName: 'lora_1', datasetName: 'ds_1', recipe }, PATHS)).toThrow(/secret/);
  });
});
