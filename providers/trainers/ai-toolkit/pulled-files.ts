/** The outcome of a container's pull of files (pull-command.ts), as read from the running trainer. */
import { TemperaError } from '../../../core/failure.ts';
import { send } from '../../http.ts';
import type { HttpAnswer } from '../../http.ts';
import type { TrainerSession, TrainerTarget } from '../trainer.ts';
import { createClient } from './client.ts';
import type { TrainerClient } from './client.ts';
import { PULL_REPORT } from './pull-command.ts';
import { OPTIMIZER_FILE, readSettings } from './wire.ts';

/** Exit codes of curl that say more than their number (curl's manual, 8.5). */
const CURL_EXITS: Readonly<Record<string, string>> = {
  6: 'its name could not be resolved',
  7: 'it could not be reached',
  18: 'the transfer was interrupted',
  28: 'the transfer was too slow',
  35: 'TLS failed',
  56: 'the transfer was interrupted',
  60: 'its certificate is not trusted',
};

/**
 * Whether the files that the pod should have pulled are complete in the job's folder. If not, none of them stays there:
 * the trainer would resume from a leftover file. There is no job row to ask yet; the file routes work without one.
 */
export async function pulled(
  target: TrainerTarget,
  { jobName, files, signal }: Parameters<TrainerSession['pulled']>[0],
): ReturnType<TrainerSession['pulled']> {
  const client = createClient(target, signal);
  const folder = `${readSettings(await client.get('/api/settings')).TRAINING_FOLDER}/${jobName}`;
  const report = await ask(target, 'GET', `${folder}/${PULL_REPORT}`, signal);
  if (report === null)
    return { status: 'failed', why: 'The pod was started without the command that fetches the save' };
  const why = reasonOf(report.text.trim()) ?? (await firstMissing(target, folder, files, signal));
  if (why === null) return { status: 'whole' };
  await removeFiles(client, folder, files);
  return { status: 'failed', why };
}

/** Removes what was put into the job's folder, if it is there: the trainer would resume from a leftover file. */
export async function discardRestored(
  client: TrainerClient,
  { jobName, files }: Omit<Parameters<TrainerSession['discardRestored']>[0], 'signal'>,
): Promise<void> {
  await removeFiles(client, `${readSettings(await client.get('/api/settings')).TRAINING_FOLDER}/${jobName}`, files);
}

/** The weights first, although they were put there last: the trainer would resume even from them alone. */
async function removeFiles(
  client: TrainerClient,
  folder: string,
  files: readonly { readonly filename: string }[],
): Promise<void> {
  for (const { filename } of files.toReversed())
    await client.post('/api/files/delete', { filePath: `${folder}/${filename}` }, [404]);
}

/** Null when everything is in place. */
function reasonOf(report: string): string | null {
  if (report === 'whole') return null;
  const [, stage, filename, exit, status] = /^(fetch|check|move)(?: ([\w.-]+))?(?: +(\d+) +(\d+))?$/.exec(
    report.replaceAll(/\s+/g, ' '),
  ) ?? ['', ''];
  switch (stage) {
    case 'fetch': {
      const kind = kindOf(filename);
      if (exit === undefined) return `The pod could not fetch ${kind} in time`;
      if (status !== '000' && Number(status) >= 400)
        return `The pod could not fetch ${kind}: the object store answered HTTP ${status}`;
      return `The pod could not fetch ${kind} from the object store: ${CURL_EXITS[exit ?? ''] ?? `curl ended with ${exit}`}`;
    }
    case 'check':
      return `The pod’s copy of ${kindOf(filename)} is damaged`;
    case 'move':
      return 'The pod could not put the save in place';
    default:
      return 'The pod’s report about its download cannot be read';
  }
}

/** The file names are secret and must not appear in a message. */
function kindOf(filename = ''): string {
  return filename === OPTIMIZER_FILE ? 'the optimizer’s state' : 'the weights';
}

async function firstMissing(
  target: TrainerTarget,
  folder: string,
  files: readonly { readonly filename: string; readonly sizeBytes: number }[],
  signal: AbortSignal,
): Promise<string | null> {
  for (const { filename, sizeBytes } of files) {
    const found = await ask(target, 'HEAD', `${folder}/${filename}`, signal);
    const length = Number(found?.headers.get('content-length') ?? Number.NaN);
    if (length !== sizeBytes)
      return `The pod says that it has the save, but ${kindOf(filename)} ${found ? `has ${length} of ${sizeBytes} bytes` : 'is missing'}`;
  }
  return null;
}

/** A file of the trainer; null when the trainer itself says that there is none. */
async function ask(
  target: TrainerTarget,
  method: 'GET' | 'HEAD',
  path: string,
  signal: AbortSignal,
): Promise<HttpAnswer | null> {
  // One encoded segment works on all versions. Answers are marked cacheable for a day: the query keeps caches out.
  const url = `${target.baseUrl}/api/files/${encodeURIComponent(path)}?t=${Date.now()}`;
  const headers = { authorization: `Bearer ${target.password}` };
  const answer = await send({ vendor: 'The trainer', method, url, headers, signal });
  if (answer.status === 200) return answer;
  if (answer.status === 404 && (method === 'HEAD' || answer.text === 'File not found')) return null;
  throw new TemperaError('PROVIDER_UNAVAILABLE', `The trainer did not serve a file: HTTP ${answer.status}`);
}
