import type { GpuName } from '../../../core/gpu.ts';

/**
 * What RunPod calls the GPU types that we know: exact ids, as its API takes them (runpod/docs@a900806e,
 * references/gpu-types.mdx, read 2026-08).
 */
const GPU_IDS: Readonly<Record<GpuName, string>> = {
  'RTX 3090': 'NVIDIA GeForce RTX 3090',
  'RTX 4090': 'NVIDIA GeForce RTX 4090',
  'RTX 5090': 'NVIDIA GeForce RTX 5090',
  'RTX A4000': 'NVIDIA RTX A4000',
  'RTX A5000': 'NVIDIA RTX A5000',
  'RTX A6000': 'NVIDIA RTX A6000',
  'RTX 2000 Ada': 'NVIDIA RTX 2000 Ada Generation',
  'RTX 6000 Ada': 'NVIDIA RTX 6000 Ada Generation',
  'RTX PRO 6000': 'NVIDIA RTX PRO 6000 Blackwell Server Edition',
  'RTX PRO 6000 MIG 24GB': 'NVIDIA RTX PRO 6000 Blackwell Server Edition MIG 1g.24gb',
  A40: 'NVIDIA A40',
  L4: 'NVIDIA L4',
  L40: 'NVIDIA L40',
  L40S: 'NVIDIA L40S',
  'A100 PCIe': 'NVIDIA A100 80GB PCIe',
  'A100 SXM': 'NVIDIA A100-SXM4-80GB',
  'H100 PCIe': 'NVIDIA H100 PCIe',
  'H100 SXM': 'NVIDIA H100 80GB HBM3',
  'H200 SXM': 'NVIDIA H200',
  B200: 'NVIDIA B200',
};

const NAMES: ReadonlyMap<string, GpuName> = new Map(Object.entries(GPU_IDS).map(([name, id]) => [id, name as GpuName]));

/** Our name for one of RunPod's GPU types; null for a type that we do not know. */
export function gpuNameOf(runpodId: string): GpuName | null {
  return NAMES.get(runpodId) ?? null;
}
