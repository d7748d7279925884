/** A request with its body in memory, ready to be sent again. */
export interface RecordedRequest {
  readonly url: string;
  readonly init: RequestInit;
}

/** Runs something and keeps every request that it sends by `fetch`, bodies encoded as they went out. */
export async function recordRequests(action: () => Promise<unknown>): Promise<readonly RecordedRequest[]> {
  const real = globalThis.fetch;
  const kept: RecordedRequest[] = [];
  globalThis.fetch = async (input, init = {}) => {
    if (typeof input !== 'string') throw new TypeError('only addresses as text are recorded');
    const encoded = new Response(init.body ?? null);
    const body = init.body ? Buffer.from(await encoded.arrayBuffer()) : undefined;
    const headers = new Headers(init.headers);
    const contentType = encoded.headers.get('content-type');
    if (contentType !== null && !headers.has('content-type')) headers.set('content-type', contentType);
    const request = { method: init.method ?? 'GET', headers, ...(body ? { body } : {}) };
    kept.push({ url: input, init: request });
    return await real(input, { ...request, signal: init.signal ?? null });
  };
  try {
    await action();
  } finally {
    globalThis.fetch = real;
  }
  return kept;
}
