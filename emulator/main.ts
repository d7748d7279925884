import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmulator } from './server.ts';

const emulator = await startEmulator({
  host: process.env['EMULATOR_HOST'] ?? '127.0.0.1',
  port: Number(process.env['EMULATOR_PORT'] ?? 0),
  dataDir: process.env['EMULATOR_DATA_DIR'] ?? join(tmpdir(), `tempera-emulator-${process.pid}`),
});
process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void emulator.close().then(() => process.exit(0));
  });
}
