/** GPU types under our own names; what each vendor calls them is in providers/compute. */

/**
 * Types that AI Toolkit's image runs on (CUDA 13, driver 580: Ampere to Blackwell), with the name that NVIDIA's driver
 * reports: clients that read it from a machine, or from a vendor's page, may use that too.
 */
const DEVICE_NAMES = {
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
} as const;

/** A GPU type as requests and answers name it. */
export type GpuName = keyof typeof DEVICE_NAMES;
export const GPU_NAMES = Object.keys(DEVICE_NAMES) as readonly GpuName[];

/** How many names are suggested for an unknown one. */
const SUGGESTIONS = 3;

/**
 * Case, spaces and punctuation do not matter, nor does the maker's name: `RTX_4090`, `rtx4090`, `NVIDIA GeForce RTX
 * 4090`.
 */
const plain = (text: string) => text.toLowerCase().replace(/nvidia|geforce|[^a-z0-9]/g, '');

const BY_PLAIN: ReadonlyMap<string, GpuName> = new Map(
  GPU_NAMES.flatMap((name) => [
    [plain(name), name],
    [plain(DEVICE_NAMES[name]), name],
  ]),
);

/** The type that a text names, in any spelling; null when there is none. */
export function parseGpu(text: string): GpuName | null {
  return BY_PLAIN.get(plain(text)) ?? null;
}

/** The names closest to a text in spelling, closest first; names that contain it come before all others. */
export function nearestGpus(text: string): GpuName[] {
  const wanted = plain(text).slice(0, 60);
  const distanceTo = (name: string) => (wanted !== '' && name.includes(wanted) ? 0 : editDistance(wanted, name));
  const distances = new Map(GPU_NAMES.map((name) => [name, distanceTo(plain(name))]));
  return GPU_NAMES.toSorted((one, other) => distances.get(one)! - distances.get(other)!).slice(0, SUGGESTIONS);
}

/** One sentence per unknown name, with what may have been meant. */
export function gpuFaults(gpus: readonly string[]): string[] {
  return gpus
    .filter((gpu) => parseGpu(gpu) === null)
    .map(
      (gpu) => `compute.gpus: "${gpu.slice(0, 40)}" is not known; the closest names are ${nearestGpus(gpu).join(', ')}`,
    );
}

/** How many characters must be inserted, removed or changed (Levenshtein). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= other.length; column += 1) {
      const change = row[column - 1]! + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(change, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
