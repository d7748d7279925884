import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createAiToolkitTrainer } from './trainer.ts';

test('a page of the proxy is not taken for a file of the trainer', async () => {
  const proxy = createServer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<h1>Welcome to nginx!</h1>');
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const baseUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const trainer = createAiToolkitTrainer({ huggingFaceToken: undefined });

  const opened = trainer
    .at({ baseUrl, password: 'secret' })
    .job('j')
    .open('/samples/1.jpg', new AbortController().signal);

  await expect(opened).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryable: true });
  proxy.close();
  proxy.closeAllConnections();
});
