import type { ArtifactFile } from '../../core/artifact.ts';

const EXTENSION = '.safetensors';

/**
 * Where one file of an artifact goes when the artifact's place is `base`. Wan 2.2 has two experts: `x.safetensors` becomes
 * `x-high-noise.safetensors` and `x-low-noise.safetensors`.
 */
export function weightsName({
  base,
  files,
  index,
}: {
  base: string;
  files: readonly ArtifactFile[];
  index: number;
}): string {
  if (files.length === 1) return base;
  const noise = /(high|low)_noise/.exec(files[index]?.name ?? '')?.[1];
  const suffix = noise === undefined ? `-${index + 1}` : `-${noise}-noise`;
  return base.endsWith(EXTENSION) ? `${base.slice(0, -EXTENSION.length)}${suffix}${EXTENSION}` : `${base}${suffix}`;
}
