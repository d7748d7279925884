/** How long one training step takes on a GPU type, by published figures or, without one, our guess. */
import { BASE_MODEL_FACTS } from './base-model.ts';
import type { BaseModel } from './base-model.ts';
import type { Recipe } from './recipe.ts';

/**
 * Speed of a GPU relative to an RTX 3090 (= 1): factors from a tool that rents pods for AI Toolkit (LDS, source
 * constants at commit 7cfd777, read 2026-11). Where it has none, we use the factor of the closest type of the same
 * generation, marked "near".
 */
const GPU_SPEED: Readonly<Record<string, number>> = {
  'NVIDIA GeForce RTX 3090': 1,
  'NVIDIA GeForce RTX 4090': 1.85,
  'NVIDIA GeForce RTX 5090': 2.8,
  'NVIDIA RTX 6000 Ada Generation': 1.85, // near: L40S
  'NVIDIA L40S': 1.85,
  'NVIDIA RTX A6000': 1.2,
  'NVIDIA A40': 1.2, // near: A6000
  'NVIDIA RTX PRO 6000 Blackwell Server Edition': 2.8, // near: RTX 5090
  'NVIDIA A100 80GB PCIe': 2.1,
  'NVIDIA A100-SXM4-80GB': 2.1,
  'NVIDIA H100 PCIe': 3.6,
  'NVIDIA H100 80GB HBM3': 3.6,
  'NVIDIA H200': 4.1,
};

interface StepTime {
  /** On an RTX 3090, batch 1, the base model's default resolution. Seconds. */
  readonly seconds: number;
  /** False: no suitable figure has been published; ours is a guess from the size of the model. */
  readonly isMeasured: boolean;
}

/**
 * Sources (landscape 4.1, read 2026-11): Z-Image 4.49 s on an RTX 3090 (LDS at 7cfd777); FLUX.1 1.35 steps/s on an H100
 * (a Replicate training's log), times the H100's 3.6; SDXL 2,000 steps in 45 to 90 minutes on an A100 or better
 * (SimpleTuner's docs at bc8e6ab), times the A100's 2.1.
 */
const STEP_TIME: Readonly<Record<BaseModel, StepTime>> = {
  flux: { seconds: 2.67, isMeasured: true },
  'z-image-turbo': { seconds: 4.49, isMeasured: true },
  sdxl: { seconds: 4.2, isMeasured: true },
  'sd-1.5': { seconds: 0.6, isMeasured: false },
  flux2: { seconds: 8, isMeasured: false },
  'wan-2.1': { seconds: 6, isMeasured: false },
  'wan-2.2': { seconds: 6, isMeasured: false },
  'qwen-image': { seconds: 7, isMeasured: false },
};

type Work = Pick<Recipe, 'baseModel' | 'resolution' | 'batchSize'>;

/**
 * Work of one step relative to the base model's default recipe: pixels (mean over the resolutions) times batch size.
 */
export function workPerStep({ baseModel, resolution, batchSize }: Work): number {
  const pixels = (sides: readonly number[]) => sides.reduce((sum, side) => sum + side * side, 0) / sides.length;
  return (pixels(resolution) / pixels(BASE_MODEL_FACTS[baseModel].defaults.resolution)) * batchSize;
}

/** What the table says about a step of this recipe on this GPU; null for a type that is not in the table. */
export function tabledStepTime(gpu: string, recipe: Work): StepTime | null {
  const speed = GPU_SPEED[gpu];
  if (speed === undefined) return null;
  const { seconds, isMeasured } = STEP_TIME[recipe.baseModel];
  return { seconds: (seconds / speed) * workPerStep(recipe), isMeasured };
}
