import { join } from 'node:path';
import { defineConfig } from 'prisma/config';

/**
 * Prisma's CLI downloads a native "schema engine" before it does anything. Ours runs the same engine as WebAssembly from
 * npm (dev/offline/schema-engine/README.md), so that the CLI works without internet. PRISMA_NATIVE_ENGINE=1 goes back to the
 * download; Windows cannot start a script as a program and always does.
 */
if (process.platform !== 'win32' && !process.env['PRISMA_NATIVE_ENGINE']) {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= join(
    import.meta.dirname,
    'dev',
    'offline',
    'schema-engine',
    'main.mjs',
  );
}
process.env['PRISMA_HIDE_UPDATE_MESSAGE'] ??= '1';
process.env['CHECKPOINT_DISABLE'] ??= '1';

export default defineConfig({
  schema: join('prisma', 'schema.prisma'),
  migrations: { path: join('prisma', 'migrations') },
  // Empty is fine for generate and validate, which need no database.
  datasource: {
    url: process.env['DATABASE_URL'] ?? '',
    ...(process.env['SHADOW_DATABASE_URL'] ? { shadowDatabaseUrl: process.env['SHADOW_DATABASE_URL'] } : {}),
  },
});
