import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fault } from '../core/faults.ts';
import type { Machine } from './machine.ts';

export interface CurlCall {
  url: string;
  output: string;
  writeOut: string;
  retries: number;
  retryDelaySec: number;
}

const FLAGS = new Set(['--fail', '--silent', '--show-error', '--location', '--globoff', '--retry-all-errors']);
const VALUES = ['output', 'write-out', 'retry', 'retry-delay', 'connect-timeout', 'speed-limit', 'speed-time'];

/** Reads the options that the emulator knows, in long form; throws SyntaxError for others. */
export function parseCurl(args: readonly string[]): CurlCall {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const urls: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at]!;
    if (FLAGS.has(arg)) flags.add(arg);
    else if (VALUES.includes(arg.replace(/^--/, ''))) values.set(arg.slice(2), args[(at += 1)] ?? '');
    else if (arg.startsWith('-')) throw new SyntaxError(`curl: option ${arg} is not understood`);
    else urls.push(arg);
  }
  const [url] = urls;
  const output = values.get('output');
  if (url === undefined || urls.length > 1 || !/^https?:\/\//.test(url) || !output?.startsWith('/'))
    throw new SyntaxError('curl: wants one http(s) address and an absolute --output');
  if (FLAGS.size !== flags.size) throw new SyntaxError(`curl: only with all of ${[...FLAGS].join(' ')}`);
  return {
    url,
    output,
    writeOut: values.get('write-out') ?? '',
    retries: Number(values.get('retry') ?? 0),
    retryDelaySec: Number(values.get('retry-delay') ?? 1),
  };
}

interface Tried {
  exit: number;
  status: number;
}

/** Downloads one file for real, with curl's exit codes (manual of curl 8.5): 7, 18, 22, 23 and 56 are told apart. */
export async function curl(call: CurlCall, machine: Machine): Promise<{ exit: number; output: string }> {
  let tried = await attempt(call, machine);
  for (let retry = 0; retry < call.retries && tried.exit !== 0; retry += 1) {
    machine.print(`curl: (${tried.exit}) trying again`);
    await machine.pause(call.retryDelaySec * 1_000, machine.signal);
    tried = await attempt(call, machine);
  }
  const output = call.writeOut
    .replaceAll('%{exitcode}', String(tried.exit))
    .replaceAll('%{http_code}', String(tried.status).padStart(3, '0'));
  return { exit: tried.exit, output };
}

async function attempt({ url, output }: CurlCall, { disk, download, signal }: Machine): Promise<Tried> {
  const fault = download(new URL(url).pathname);
  if (fault?.effect === 'unreachable') return { exit: 7, status: 0 };
  if (fault?.effect === 'status') return { exit: 22, status: fault.status ?? 503 };
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch {
    signal.throwIfAborted();
    return { exit: 7, status: 0 };
  }
  const { status } = response;
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    return { exit: 22, status };
  }
  const real = disk.real(output);
  try {
    await pipeline(Readable.fromWeb(response.body), spoilt(fault), createWriteStream(real), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CutOff) return { exit: 18, status };
    return { exit: (error as NodeJS.ErrnoException).syscall === 'open' ? 23 : 56, status };
  }
  return { exit: 0, status };
}

class CutOff extends Error {
  override readonly name = 'CutOff';
}

/** Flips one byte at an offset, or ends the transfer there. */
function spoilt(fault: Fault | undefined) {
  return async function* bend(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const at = fault?.bytes ?? 1_024;
    let position = 0;
    for await (const chunk of source) {
      const index = at - position;
      position += chunk.length;
      const isHit = index >= 0 && index < chunk.length;
      if (isHit && fault?.effect === 'truncate') {
        yield chunk.subarray(0, index);
        throw new CutOff('the transfer was cut');
      }
      if (isHit && fault?.effect === 'corrupt') {
        const bent = Buffer.from(chunk);
        bent[index] = bent[index]! ^ 0xff;
        yield bent;
      } else yield chunk;
    }
  };
}
