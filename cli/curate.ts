/** `npm run curate -- <folder>`: which photos of a folder a LoRA should be trained on. Needs none of the servers. */
import { resolve } from 'node:path';
import { curateCommand } from '../curation/command/main.ts';
import { createCurator } from '../curation/curator.ts';
import { createOpenAiCaptioner } from '../providers/captioning/openai.ts';
import { untilSignal } from './signals.ts';

const { stdout, stderr, env } = process;
const interrupted = new AbortController();
void untilSignal().then(() => interrupted.abort());

// The reader may have seen enough, as with `head`.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await curateCommand({
  args: process.argv.slice(2),
  // npm and run.mjs change to the project's folder; INIT_CWD is where the person is.
  directory: env['INIT_CWD'] ?? process.cwd(),
  cacheFolder: resolve(env['TEMPERA_HOME'] || '.tempera', 'curation'),
  createCurator,
  createCaptioner: (service) => createOpenAiCaptioner({ ...service, apiKey: env['CAPTION_API_KEY'] || undefined }),
  terminal: {
    write: (text) => stdout.write(text),
    writeError: (text) => stderr.write(text),
    width: stdout.columns ?? 80,
    colour: stdout.isTTY && !env['NO_COLOR'],
    progress: stderr.isTTY,
  },
  signal: interrupted.signal,
});
