import type { World } from '../world.ts';

/** The inspector: worlds, pods, jobs and money as one HTML page. */
export function overviewPage(worlds: World[]): string {
  const sections = worlds.map(worldSection).join('');
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Tempera: emulated cloud</title><meta http-equiv="refresh" content="2">
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#222}table{border-collapse:collapse;margin:.5rem 0 2rem}
td,th{border-bottom:1px solid #ddd;padding:.2rem .8rem;text-align:left}p.note{background:#fff3c4;padding:.5rem 1rem}</style></head><body>
<h1>Emulated cloud</h1>
<p class="note">Everything here is emulated; no weights are trained, no money is spent.</p>
${sections || '<p>No world yet. The first request to /w/{name}/... makes one.</p>'}
</body></html>
`;
}

function worldSection(world: World): string {
  const pods = world.runpod.entries(world.clock.now());
  const cost = pods.reduce((sum, pod) => sum + pod.costUsd, 0);
  const rows = pods.map((entry) => {
    const pod = world.runpod.pods.get(entry.id);
    const jobs = JSON.stringify(pod?.container?.describe() ?? null);
    return `<tr>${[entry.name, entry.id, entry.gpuId, pod?.status ?? '', `$${entry.costUsd.toFixed(4)}`, jobs].map((text) => `<td>${escape(text)}</td>`).join('')}</tr>`;
  });
  return `<h2>${escape(world.name)}</h2><p>${pods.length} pods, $${cost.toFixed(4)} in total, ${world.book.hubCommits.length} hub commits</p>
<table><tr><th>pod</th><th>id</th><th>GPU</th><th>status</th><th>cost</th><th>AI Toolkit</th></tr>${rows.join('')}</table>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
