import { vendorTrouble } from '../core/vendor-trouble.ts';
import { createRunpodCompute } from '../providers/compute/runpod/compute.ts';

interface RunpodAccess {
  readonly apiKey: string;
  /** Base address without `/v2`. */
  readonly apiUrl: string;
}

/**
 * Asks RunPod for our pods, which needs the key, and says in one sentence whether it answers and takes the key. Never
 * throws.
 */
export async function runpodAnswer({ apiKey, apiUrl }: RunpodAccess): Promise<string> {
  const compute = createRunpodCompute({ apiKey, apiUrl, proxyTemplate: '' });
  try {
    const pods = await compute.list({ maxAgeMs: 0 });
    return `RunPod answers and takes the key; the account has ${pods.length === 1 ? '1 pod' : `${pods.length} pods`} now.`;
  } catch (error) {
    return `${vendorTrouble(error)} No pod can be rented until this is corrected.`;
  }
}
