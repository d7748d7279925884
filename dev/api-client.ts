/** The demo's API client: plain HTTP, as any client would use it. */
import { readFileSync } from 'node:fs';
import type { TrainingView } from '../api/schemas/trainings.ts';

/** An error answer of the API, with its code and sentences. */
class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
}

export type StreamItem =
  | { readonly kind: 'progress'; readonly training: TrainingView }
  | { readonly kind: 'event'; readonly topic: string; readonly payload: Readonly<Record<string, unknown>> };

export function createApiClient(url: string, apiKeyFile: string) {
  const headers = { authorization: `Bearer ${readFileSync(apiKeyFile, 'utf8').trim()}` };
  const call = async <T>(
    method: string,
    path: string,
    body?: FormData | object,
    extra: Record<string, string> = {},
  ): Promise<T> => {
    const isForm = body instanceof FormData;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...extra, ...(body && !isForm ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
    });
    const answer = (await response.json()) as T & { code?: string; message?: string; details?: string[] };
    if (!response.ok)
      throw new ApiFailure([`${answer.code}: ${answer.message}`, ...(answer.details ?? [])].join('\n  '));
    return answer;
  };
  return {
    uploadPhotos: (photos: readonly { readonly filename: string; readonly bytes: Uint8Array }[]) => {
      const form = new FormData();
      for (const photo of photos) form.append('files', new Blob([new Uint8Array(photo.bytes)]), photo.filename);
      return call<{ images: { id: string }[]; rejected: { filename: string; message: string }[] }>(
        'POST',
        '/v1/images',
        form,
      );
    },
    createDataset: (name: string, imageIds: readonly string[], options: object = {}) =>
      call<{ id: string }>('POST', '/v1/datasets', { name, imageIds, ...options }),
    startTraining: (body: object, idempotencyKey: string) =>
      call<TrainingView>('POST', '/v1/trainings', body, { 'idempotency-key': idempotencyKey }),
    training: (id: string) => call<TrainingView>('GET', `/v1/trainings/${id}`),

    /** Follows a training to its end. */
    async *events(id: string, signal: AbortSignal): AsyncGenerator<StreamItem> {
      const response = await fetch(`${url}/v1/trainings/${id}/events`, { headers, signal });
      let text = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const messages = text.split('\n\n');
        text = messages.pop() ?? '';
        for (const message of messages) {
          const item = parse(message);
          if (item) yield item;
        }
      }
    },
  };
}

function parse(message: string): StreamItem | null {
  const topic = /^event: (.+)$/m.exec(message)?.[1];
  const data = /^data: (.+)$/m.exec(message)?.[1];
  if (topic === undefined || data === undefined) return null;
  const body: unknown = JSON.parse(data);
  if (topic === 'progress') return { kind: 'progress', training: body as TrainingView };
  return { kind: 'event', topic, payload: (body as { payload: Record<string, unknown> }).payload };
}
