import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  curationOptionFaults,
  FRAMINGS,
  MIX_POLICIES,
  resolveCurationOptions,
  SUBJECT_KINDS,
} from '../../core/curation.ts';
import type { CurationOptions, CurationOptionsDraft } from '../../core/curation.ts';
import type { TrainingFacts } from '../contract.ts';

export interface CurateArguments {
  readonly folder: string;
  readonly options: CurationOptions;
  readonly training: TrainingFacts;
  readonly json: boolean;
  readonly reportFolder: string | null;
  readonly pairsFile: string | null;
  readonly overridesFile: string | null;
  /**
   * The service that describes photos without a caption; null: the template is used, and no photo leaves the machine.
   */
  readonly captions: CaptionService | null;
  /** Null: no measurements are kept for the next run. */
  readonly cacheFolder: string | null;
}

/** An OpenAI-compatible service. */
export interface CaptionService {
  readonly baseUrl: string;
  readonly model: string;
}

export type ParsedArguments =
  | { readonly status: 'run'; readonly arguments: CurateArguments }
  | { readonly status: 'help' }
  | { readonly status: 'fault'; readonly message: string };

export const HELP = `Checks a folder of photos and says which of them to train a LoRA on.

npm run curate -- <folder> [flags]

  --kind person|style|object   what the photos show (person)
  --trigger <word>             trigger word, for captions (ohwx)
  --policy weights|select|off  how the mix of framings is balanced (weights)
  --target 20/70/10            wanted % of portrait/upper/full (20/70/10)
  --min <n>  --max <n>         fewest and most photos to train on (5, 30)
  --similar <n>                photos kept from a group of very similar ones (1)
  --identity                   warns about photos of another person; needs
                               packages that are not installed by default
  --resolutions 512,768,1024   sides that are trained at (512,768,1024)
  --divisor <n>                trained sides are multiples of this (16)
  --overrides <file>           JSON by file name or SHA-256: {"IMG_1.jpg":
                               {"decision": "pin" or "exclude", "framing":
                               "upper", "caption": "...", "why": "..."}}
  --captions-url <address>     OpenAI-compatible API that describes photos; kept
  --captions-model <model>     ones are sent there (its key: CAPTION_API_KEY)
  --report <folder>            writes report.html, .json and contact-sheet.png
  --json                       prints the report as JSON and nothing else; npm
                               itself is silent with npm run -s
  --pairs-json <file>          writes all pairs of photos that repeat each other
  --cache <folder>             where measurements are kept for the next run
  --no-cache                   measures everything again, keeps nothing

Only the folder itself is read, not its subfolders. NAME.txt beside a photo
is its caption.

Exit codes: 0 pass, 2 passes with warnings, 3 too few photos, 1 anything else.
`;

const FLAGS = {
  kind: { type: 'string' },
  trigger: { type: 'string', default: 'ohwx' },
  policy: { type: 'string' },
  target: { type: 'string' },
  min: { type: 'string' },
  max: { type: 'string' },
  similar: { type: 'string' },
  identity: { type: 'boolean', default: false },
  resolutions: { type: 'string', default: '512,768,1024' },
  divisor: { type: 'string', default: '16' },
  overrides: { type: 'string' },
  'captions-url': { type: 'string' },
  'captions-model': { type: 'string' },
  report: { type: 'string' },
  json: { type: 'boolean', default: false },
  'pairs-json': { type: 'string' },
  cache: { type: 'string' },
  'no-cache': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Largest side that a trainer accepts; a typo (51200) should not pass as intended. */
const MAX_RESOLUTION = 4_096;
const MAX_DIVISOR = 256;

/**
 * Reads the command line. Paths are relative to `directory`; `cacheFolder` is the cache unless a flag says otherwise.
 */
export function parseArguments(
  args: readonly string[],
  { directory, cacheFolder }: { readonly directory: string; readonly cacheFolder: string },
): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
    if (values.help) return { status: 'help' };
    const [folder, ...more] = positionals;
    if (folder === undefined) throw new UsageError('Name the folder that contains the photos.');
    if (more.length > 0) throw new UsageError(`One folder at a time; "${more[0]}" is one too many.`);
    const path = (given: string | undefined) => (given === undefined ? null : resolve(directory, given));
    return {
      status: 'run',
      arguments: {
        folder: resolve(directory, folder),
        options: optionsOf(values),
        training: {
          triggerWord: triggerOf(values.trigger),
          resolutions: wholeNumbers('--resolutions', values.resolutions, MAX_RESOLUTION),
          divisor: wholeNumber('--divisor', values.divisor, MAX_DIVISOR),
        },
        json: values.json,
        reportFolder: path(values.report),
        pairsFile: path(values['pairs-json']),
        overridesFile: path(values.overrides),
        captions: captionsOf(values['captions-url'], values['captions-model']),
        cacheFolder: values['no-cache'] ? null : (path(values.cache) ?? cacheFolder),
      },
    };
  } catch (error) {
    if (error instanceof UsageError) return { status: 'fault', message: error.message };
    if (isParseError(error)) return { status: 'fault', message: error.message.split('. ')[0]! + '.' };
    throw error;
  }
}

class UsageError extends Error {}

interface OptionFlags {
  readonly kind?: string | undefined;
  readonly policy?: string | undefined;
  readonly target?: string | undefined;
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly similar?: string | undefined;
  readonly identity: boolean;
}

function optionsOf({ kind, policy, target, min, max, similar, identity }: OptionFlags): CurationOptions {
  const count = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : wholeNumber(flag, text, Number.MAX_SAFE_INTEGER);
  const draft: CurationOptionsDraft = {
    subjectKind: oneOf('--kind', kind, SUBJECT_KINDS),
    mixPolicy: oneOf('--policy', policy, MIX_POLICIES),
    mixTarget: target === undefined ? undefined : targetOf(target),
    minPhotos: count('--min', min),
    maxPhotos: count('--max', max),
    similarKept: count('--similar', similar),
    identityCheck: identity,
  };
  const [fault] = curationOptionFaults(draft);
  if (fault !== undefined) throw new UsageError(`${asFlags(fault)}.`);
  return resolveCurationOptions(draft);
}

/** The domain's messages name its fields; here they become flags. */
function asFlags(fault: string): string {
  const flags = {
    subjectKind: '--kind',
    minPhotos: '--min',
    maxPhotos: '--max',
    similarKept: '--similar',
    mixTarget: '--target',
    identityCheck: '--identity',
  };
  return Object.entries(flags).reduce((text, [field, flag]) => text.replaceAll(field, flag), fault);
}

function targetOf(text: string): CurationOptions['mixTarget'] {
  const shares = text.split(/[/,]/).map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [portrait, upper, full] = shares;
  if (shares.length !== FRAMINGS.length || portrait === undefined || upper === undefined || full === undefined)
    throw new UsageError(`--target takes three percentages for portrait/upper/full, such as 20/70/10, not "${text}".`);
  return { portrait, upper, full };
}

function captionsOf(address: string | undefined, model: string | undefined): CaptionService | null {
  if (address === undefined && model === undefined) return null;
  if (address === undefined || !model)
    throw new UsageError('--captions-url and --captions-model must be used together.');
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new UsageError(`--captions-url takes an http or https address without a password, not "${address}".`);
  return { baseUrl: address, model };
}

function triggerOf(text: string): string {
  const trigger = text.trim();
  if (!/^\S{1,64}$/u.test(trigger)) throw new UsageError('--trigger takes one word of at most 64 characters.');
  return trigger;
}

function oneOf<Value extends string>(
  flag: string,
  text: string | undefined,
  allowed: readonly Value[],
): Value | undefined {
  if (text === undefined) return undefined;
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw new UsageError(`${flag} takes ${allowed.join(', ')}, not "${text}".`);
  return found;
}

function wholeNumbers(flag: string, text: string, max: number): number[] {
  return [...new Set(text.split(',').map((part) => wholeNumber(flag, part.trim(), max)))].toSorted((a, b) => a - b);
}

function wholeNumber(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? '' : ` from 1 to ${max}`;
  throw new UsageError(`${flag} takes a whole number${range}, not "${text}".`);
}

function isParseError(error: unknown): error is Error {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
