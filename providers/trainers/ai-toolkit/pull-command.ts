import { TemperaError } from '../../../core/failure.ts';
import type { PulledFile } from '../trainer.ts';

/** The image's own: WORKDIR /, CMD ["/start.sh"], curl and GNU tools of Ubuntu 24.04 (docker/Dockerfile of ostris/ai-toolkit, 2026-08-21). */
const START_SCRIPT = '/start.sh';
/** Where jobs lie before anybody has changed the settings, which a new container has not. */
const TRAINING_FOLDER = '/app/ai-toolkit/output';
/** Longest for all files together: the pod bills meanwhile, and counts as a bad host after 20 min. Seconds. */
const PULL_SECONDS = 480;
/** A small file gets this long at least. Seconds. */
const LEAST_PULL_SECONDS = 30;
/** Name of the file in the job's folder that tells how far the pull came. */
export const PULL_REPORT = 'tempera-pull.txt';

/** An address may hold whatever else a shell leaves alone between double quotes. */
const UNSAFE_IN_URL = /[^A-Za-z0-9:/?&=%._~+,;@[\]-]/g;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const SHA256 = /^[0-9a-f]{64}$/;

export interface PullCommandParams {
  readonly jobName: string;
  /** In the order in which they are put in place. */
  readonly files: readonly PulledFile[];
  /** Default: of a new container of the image. Absolute, of letters, digits and "._/-". */
  readonly trainingFolder?: string;
  readonly startScript?: string;
}

/**
 * The start command of a container that first fetches files into the folder of a job, and then starts as the image does, whatever
 * became of them. They are put in place together, and only when the SHA-256 of each one fits; what is not whole is removed.
 * One line without variables and single quotes, so that nothing in it can be taken for anything else. Throws INTERNAL for a name
 * or hash that is none.
 */
export function pullCommand(params: PullCommandParams): readonly string[] {
  const { jobName, files, trainingFolder = TRAINING_FOLDER, startScript = START_SCRIPT } = params;
  checkNames(params);
  const folder = `${trainingFolder}/${jobName}`;
  const staging = `${folder}/.pull`;
  const report = (text: string) => `echo "${text}" > "${folder}/${PULL_REPORT}"`;
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const fetchFile = ({ filename, url, sha256, sizeBytes }: PulledFile) => {
    const seconds = Math.max(LEAST_PULL_SECONDS, Math.floor((PULL_SECONDS * sizeBytes) / totalBytes));
    return [
      report(`fetch ${filename}`),
      `timeout ${seconds} ${CURL} --output "${staging}/${filename}" "${quotable(url)}" >> "${folder}/${PULL_REPORT}"`,
      report(`check ${filename}`),
      `sha256sum --check --status <<< "${sha256}  ${staging}/${filename}"`,
    ];
  };
  const steps = [
    `mkdir -p "${staging}"`,
    ...files.flatMap(fetchFile),
    report('move'),
    ...files.map(({ filename }) => `mv -f "${staging}/${filename}" "${folder}/${filename}"`),
    report('whole'),
  ];
  return ['bash', '-c', `${steps.join(' && ')} ; rm -rf "${staging}" ; exec "${startScript}"`];
}

/** Tries again after anything, gives up a connection that stands still, and reports curl's exit code and the HTTP status. */
const CURL = [
  'curl --fail --silent --show-error --location --globoff',
  '--connect-timeout 15 --speed-limit 10000 --speed-time 30',
  '--retry 5 --retry-delay 2 --retry-all-errors',
  '--write-out " %{exitcode} %{http_code}"',
].join(' ');

function quotable(url: string): string {
  return url.replace(UNSAFE_IN_URL, (unsafe) => encodeURIComponent(unsafe).replace(/[!'()*]/g, percent));
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function checkNames({ jobName, files, trainingFolder = '', startScript = '' }: PullCommandParams): void {
  const names = [jobName, ...files.map(({ filename }) => filename)];
  const areNames = names.every((name) => NAME.test(name)) && /^[A-Za-z0-9._/-]*$/.test(trainingFolder + startScript);
  if (!areNames || !files.every(({ sha256 }) => SHA256.test(sha256)))
    throw new TemperaError('INTERNAL', 'A file of the save has a name or hash that is none', { retryable: false });
}
