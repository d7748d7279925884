// The official AI Toolkit template: id from the README of ostris/ai-toolkit@27a03a91 (2026-08-21);
// disk, mounts and env are assumed, nobody could read the stored template.
const aiToolkit = {
  id: '0fqzfjy6f3',
  name: 'AI Toolkit - ostris - ui - official',
  image: 'ostris/aitoolkit:latest',
  args: '',
  disk: 60,
  mounts: {},
  ports: ['8675/http'],
  env: { AI_TOOLKIT_AUTH: 'password' },
  registry: null,
  serverless: false,
  public: true,
  category: 'NVIDIA',
  startSsh: true,
  startJupyter: false,
  allowedCudaVersions: [],
};

/** GET /v2/templates/{id} (runpod/docs@a900806e, 2026-08-18): the one template that the emulator knows. */
export function templateView(id: string): object | undefined {
  return id === aiToolkit.id ? aiToolkit : undefined;
}

/** What the template contributes to a pod. */
export function template(
  id: string,
): { image: string; disk: number; ports: string[]; env: Record<string, string> } | undefined {
  if (id !== aiToolkit.id) return undefined;
  const { image, disk, ports, env } = aiToolkit;
  return { image, disk, ports, env };
}
