/**
 * Prisma's CLI with a database at hand: `npm run db:migrate-dev -- --name add_x`, `db:drift`, `db:status`, `db:reset`.
 * Uses DATABASE_URL, else the embedded server of the development stack, which runs while the command does.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureDatabase } from './postgres.ts';

/** Our command names and Prisma's. Drift exits with 2 when migrations and schema differ. */
const COMMANDS: Record<string, readonly string[]> = {
  'migrate-dev': ['migrate', 'dev'],
  status: ['migrate', 'status'],
  reset: ['migrate', 'reset'],
  diff: [
    'migrate',
    'diff',
    '--from-migrations',
    'prisma/migrations',
    '--to-schema',
    'prisma/schema.prisma',
    '--script',
  ],
  drift: [
    'migrate',
    'diff',
    '--from-migrations',
    'prisma/migrations',
    '--to-schema',
    'prisma/schema.prisma',
    '--exit-code',
  ],
};

const [word = '', ...rest] = process.argv.slice(2);
const command = COMMANDS[word];
if (command === undefined) {
  process.stderr.write(`Unknown command "${word}". Known: ${Object.keys(COMMANDS).join(', ')}\n`);
  process.exit(64);
}
const database = await ensureDatabase({ dir: join(process.env['TEMPERA_HOME'] || '.tempera', 'postgres') });
try {
  process.exitCode = await runPrisma([...command, ...rest], database.url);
} finally {
  await database.stop();
}

function runPrisma(args: readonly string[], databaseUrl: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const prisma = spawn(process.execPath, ['node_modules/prisma/build/index.js', ...args], {
      stdio: 'inherit',
      env: { ...process.env, DATABASE_URL: databaseUrl },
    });
    prisma.on('error', reject);
    prisma.on('exit', (code) => resolve(code ?? 1));
  });
}
