#!/usr/bin/env node
// Stands in for Prisma's native schema engine: see README.md. Messages are JSON-RPC 2.0, one per line.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { createAdapterFactory, runOnce } from './adapter.mjs';
import { panicMessage, startEngine } from './engine.mjs';

/** Messages that the engine's class calls differently. */
const METHODS = { getDatabaseVersion: 'version' };
/** PostgreSQL's and the system's error codes in Prisma's words. */
const CONNECTION_ERRORS = { '28P01': 'P1000', 28000: 'P1010', '3D000': 'P1003', '42P04': 'P1009' };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datamodels: { type: 'string', short: 'd', multiple: true, default: [] },
    datasource: { type: 'string', default: '{}' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
    version: { type: 'boolean', default: false },
  },
});
const datasource = JSON.parse(values.datasource);

if (values.version) printVersion();
else if (positionals[0] === 'cli') await runCommand(positionals[1]);
else serve();

function printVersion() {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  const { version } = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8'));
  process.stdout.write(`schema-engine-cli ${version.split('.').at(-1)}\n`);
}

function log(level, fields) {
  process.stderr.write(
    `${JSON.stringify({ timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' })}\n`,
  );
}

/** `cli can-connect-to-database | create-database | drop-database`: answers by exit code and log lines. */
async function runCommand(command) {
  log('INFO', { message: 'Starting schema engine CLI' });
  const server = new URL(datasource.url);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = '/postgres';
  try {
    if (command === 'can-connect-to-database') await runOnce(datasource.url, 'SELECT 1');
    else if (command === 'create-database') await runOnce(server.href, `CREATE DATABASE ${pg.escapeIdentifier(name)}`);
    else if (command === 'drop-database') {
      await runOnce(server.href, `DROP DATABASE ${pg.escapeIdentifier(name)} WITH (FORCE)`);
      log('INFO', { message: 'The database was successfully dropped.' });
    } else throw new Error(`The stand-in schema engine does not know the command ${command}.`);
  } catch (error) {
    log('ERROR', {
      is_panic: false,
      error_code: CONNECTION_ERRORS[error.code] ?? 'P1001',
      message: error.message || String(error.code),
    });
    process.exitCode = 1;
  }
}

/** Answers messages until the input ends. */
function serve() {
  const adapter = createAdapterFactory(datasource);
  const printed = new Map();
  let engine;
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

  const answer = async ({ id, method, params }) => {
    try {
      engine ??= startEngine({
        datamodels: values.datamodels.map((path) => [path, readFileSync(path, 'utf8')]),
        adapter,
      });
      const result = (await (await engine)[METHODS[method] ?? method](params)) ?? null;
      if (method === 'diff') await print(result);
      send({ id, result: method === 'diff' ? { exitCode: result.exitCode, stdout: null } : result });
    } catch (error) {
      exitOnPanic(error);
      send({
        id,
        error: { code: 4466, message: 'An error happened. Check the data field for details.', data: errorData(error) },
      });
    }
  };

  /** The text of a diff goes out as a request of our own, which the CLI acknowledges. */
  const print = ({ stdout }) =>
    new Promise((done) => {
      if (!stdout) return done();
      const id = `print-${printed.size + 1}`;
      printed.set(id, done);
      send({ id, method: 'print', params: { content: stdout } });
    });

  const errorData = (error) => {
    // The engine names errors of the adapter by number; the adapter kept the error itself.
    const id = /External error id#(\d+)/.exec(error.message)?.[1];
    const original = id === undefined ? undefined : adapter.errorRegistry.consumeError(Number(id))?.error;
    const message = original?.message ?? error.message ?? String(error);
    return { is_panic: false, message, meta: error.meta ?? null, error_code: error.code ?? null };
  };

  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const message = JSON.parse(line);
      if (message.method === undefined) printed.get(message.id)?.();
      else void answer(message);
    })
    .on('close', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
}

/** Without this a crash of the engine would look like an empty answer and success. */
function exitOnPanic(error) {
  if (error.name !== 'RuntimeError' && panicMessage === null) return;
  log('ERROR', { is_panic: true, message: panicMessage ?? error.message });
  process.exit(101);
}
