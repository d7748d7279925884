/** What a worker's Prometheus endpoint says. */

const SAMPLE = /^(?<name>[a-zA-Z_:][\w:]*)\{(?<labels>.*)\} (?<value>[\d.e+-]+)$/;

/** How many requests the worker has sent to Temporal, by operation, repeated ones included. */
export async function temporalRequests(url: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(url)).text();
  const counts: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const { name, labels = '', value } = SAMPLE.exec(line)?.groups ?? {};
    if (!/^temporal_(?:long_)?request_total$/.test(name ?? '')) continue;
    const operation = /operation="([^"]*)"/.exec(labels)?.[1] ?? '?';
    counts[operation] = (counts[operation] ?? 0) + Number(value);
  }
  return counts;
}
