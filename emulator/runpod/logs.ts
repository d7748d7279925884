import type { Call } from '../core/http.ts';
import type { LogLine, Pod } from './pod.ts';

/**
 * GET /v2/pods/{id}/logs: server-sent events that never end by themselves.
 * https://docs.runpod.io/api-reference-v2 (runpod/docs@a900806e, 2026-08-18)
 */
export function streamLogs(call: Call, pod: Pod, headers: Record<string, string>): void {
  const { res, query } = call;
  const source = query.get('source');
  const tail = Math.min(5000, Number(query.get('tail') ?? 100));
  const since = call.headers['last-event-id'] ?? query.get('since');
  const isAsked = (entry: LogLine): boolean => source === null || entry.source === source;

  res.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  res.flushHeaders();
  let next = 0;
  const after = typeof since === 'string' ? pod.logs.findIndex((entry, index) => eventId(entry, index) === since) : -1;
  const sinceMs = typeof since === 'string' ? Date.parse(since.split('/')[0] ?? '') : Number.NaN;
  if (after >= 0) next = after + 1;
  else if (Number.isNaN(sinceMs)) next = Math.max(0, pod.logs.length - tail);

  const flush = (): void => {
    for (; next < pod.logs.length; next += 1) {
      const entry = pod.logs[next];
      if (entry === undefined || !isAsked(entry) || (after < 0 && entry.tsMs < sinceMs)) continue;
      const data = JSON.stringify({ ts: seconds(entry.tsMs), source: entry.source, line: entry.line });
      res.write(`id: ${eventId(entry, next)}\ndata: ${data}\n\n`);
    }
  };
  flush();
  const timer = setInterval(flush, 100);
  res.on('close', () => clearInterval(timer));
}

function eventId(entry: LogLine, index: number): string {
  return `${seconds(entry.tsMs)}/${String(index + 1).padStart(12, '0')}`;
}

function seconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
