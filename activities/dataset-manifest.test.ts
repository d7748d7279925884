import { describe, expect, test } from 'vitest';
import { foldersOf, parseManifest } from './dataset-manifest.ts';
import type { ManifestPhoto } from './dataset-manifest.ts';

function photo(folder: ManifestPhoto['folder'], repeats: number): ManifestPhoto {
  return { filename: '0001.jpg', key: 'datasets/d/v/0001.jpg', caption: 'ohwx', sizeBytes: 1, folder, repeats };
}

test('a manifest of before folders is one folder', () => {
  const old = { version: 'v', photos: [{ filename: '0001.jpg', key: 'k', caption: 'ohwx', sizeBytes: 3 }] };
  const manifest = parseManifest(JSON.stringify(old));

  expect(manifest.photos).toEqual([{ ...old.photos[0], folder: '', repeats: 1 }]);
  expect(foldersOf(manifest)).toEqual([{ name: '', repeats: 1 }]);
});

describe('folders', () => {
  test('come sorted, each once', () => {
    const photos = [photo('upper', 1), photo('full', 4), photo('upper', 1)];

    expect(foldersOf({ version: 'v', photos })).toEqual([
      { name: 'full', repeats: 4 },
      { name: 'upper', repeats: 1 },
    ]);
  });

  test('cannot repeat their photos differently', () => {
    expect(() => foldersOf({ version: 'v', photos: [photo('full', 4), photo('full', 3)] })).toThrow(
      /repeated 4 and 3 times/,
    );
  });
});
