import { expect, it } from 'vitest';
import { jpegScene } from '../generated-photos.fixture.ts';
import { workingCopy } from '../signals/analyse.ts';
import { memoryOf } from './hand-over.ts';

it('hands a working copy to another thread without leaving one behind', async () => {
  const picture = await workingCopy(await jpegScene(1));
  const bytes = picture.width * picture.height * 3;

  const received = structuredClone(picture, { transfer: memoryOf(picture) });

  expect(received.data.byteLength).toBe(bytes);
  expect(picture.data.byteLength).toBe(0);
});
