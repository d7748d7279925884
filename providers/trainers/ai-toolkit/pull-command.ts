import { TemperaError } from '../../../core/failure.ts';
import type { PulledFile } from '../trainer.ts';

/**
 * The image's own: WORKDIR /, CMD ["/start.sh"], curl and GNU tools of Ubuntu 24.04 (docker/Dockerfile of
 * ostris/ai-toolkit, 2026-08-21).
 */
const START_SCRIPT = '/start.sh';
/** The image's default folder for jobs; in a new container nobody has changed the setting. */
const TRAINING_FOLDER = '/app/ai-toolkit/output';
/** Time limit for all files together: the pod bills meanwhile, and counts as a bad host after 20 min. Seconds. */
const PULL_SECONDS = 480;
/** Minimum time limit for a small file. Seconds. */
const LEAST_PULL_SECONDS = 30;
/** Name of the file in the job's folder that records how far the pull got. */
export const PULL_REPORT = 'tempera-pull.txt';

/** An address may also contain whatever a shell leaves alone between double quotes. */
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
 * The start command of a container that first fetches files into a job's folder, and then starts as the image does,
 * whatever the outcome. The files are put in place together, and only if every SHA-256 matches; otherwise they are
 * removed. One line without variables and single quotes, so that nothing in it can be misread. Throws INTERNAL for an
 * invalid name or hash.
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

/** Retries after any error, gives up a stalled connection, and reports curl's exit code and the HTTP status. */
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
    throw new TemperaError('INTERNAL', 'A file of the save has an invalid name or hash', { retryable: false });
}
