import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const versionOf = (entry: string) =>
  (JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8')) as { version: string }).version;

test("the WebAssembly engine is the one that Prisma's CLI expects", () => {
  const engines = createRequire(createRequire(require.resolve('prisma/package.json')).resolve('@prisma/engines'));
  const expected = versionOf(engines.resolve('@prisma/engines-version'));

  expect(versionOf(require.resolve('@prisma/schema-engine-wasm'))).toBe(expected);
});
