import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Captioner } from '../../core/captioner.ts';
import type { CuratedSet, Curator } from '../contract.ts';
import { renderContactSheet } from '../report/contact-sheet.ts';
import { renderReport } from '../report/html.ts';
import type { CurationReport } from '../report/report.ts';
import { counted, visible } from '../report/words.ts';
import { HELP, parseArguments } from './arguments.ts';
import type { CaptionService, CurateArguments } from './arguments.ts';
import { createFolderCache } from './folder-cache.ts';
import { readPhotoFolder } from './folder.ts';
import type { PhotoFolder } from './folder.ts';
import { parseOverrides } from './overrides.ts';
import type { Overrides } from './overrides.ts';
import { renderTable } from './table.ts';

export interface CommandSurroundings {
  /** What the person typed after the command's name. */
  readonly args: readonly string[];
  /** The current directory, for relative paths. */
  readonly directory: string;
  /** Where measurements are kept unless a flag says otherwise. */
  readonly cacheFolder: string;
  readonly createCurator: () => Pick<Curator, 'curate' | 'stop'>;
  readonly createCaptioner: (service: CaptionService) => Captioner;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface Terminal {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly width: number;
  readonly colour: boolean;
  /** Whether a self-updating line may be shown. */
  readonly progress: boolean;
}

const EXIT_CODES: Readonly<Record<CurationReport['verdict'], number>> = { pass: 0, warnings: 2, blocked: 3 };
const EXIT_ERROR = 1;
const EXIT_INTERRUPTED = 130;

/** Curates a folder for a person at a terminal. Returns the exit code: 0 pass, 2 warnings, 3 blocked, 1 error. */
export async function curateCommand(surroundings: CommandSurroundings): Promise<number> {
  const { args, directory, cacheFolder, terminal, signal } = surroundings;
  const parsed = parseArguments(args, { directory, cacheFolder });
  if (parsed.status === 'help') {
    terminal.write(HELP);
    return 0;
  }
  try {
    if (parsed.status === 'fault')
      throw new CommandError(parsed.message, '`npm run curate -- --help` shows how to use it.');
    const set = await curateFolder(parsed.arguments, surroundings);
    await writeFiles(set, parsed.arguments);
    if (parsed.arguments.json) terminal.write(asJson(set.report));
    else {
      terminal.write(renderTable(set.report, terminal));
      if (parsed.arguments.reportFolder !== null)
        terminal.write(`\nReport: ${join(parsed.arguments.reportFolder, 'report.html')}\n`);
    }
    return EXIT_CODES[set.report.verdict];
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    const { message, fix } = explain(error);
    terminal.writeError(`curate: ${visible(message)}\n        ${visible(fix)}\n`);
    return EXIT_ERROR;
  }
}

async function curateFolder(args: CurateArguments, surroundings: CommandSurroundings): Promise<CuratedSet> {
  const { createCurator, createCaptioner, terminal, signal } = surroundings;
  const { folder, options, training, cacheFolder, captions } = args;
  if (args.reportFolder === folder)
    throw new CommandError(
      'The report would be written among the photos.',
      'Give --report another folder, such as out/.',
    );
  const overrides = await readOverrides(args.overridesFile);
  const { photos, skipped } = await readFolder(folder, overrides);
  if (photos.length === 0)
    throw new CommandError(
      `There are no photos in ${folder}.`,
      'Put JPEG, PNG, WebP, AVIF or TIFF files there; subfolders are not read.',
    );
  if (skipped.length > 0) terminal.writeError(`not photos, skipped: ${skipped.map(visible).join(', ')}\n`);
  const curator = createCurator();
  try {
    return await curator.curate({
      photos,
      options,
      training,
      cache: cacheFolder === null ? null : createFolderCache(cacheFolder),
      captioner: captions === null ? null : createCaptioner(captions),
      signal,
      onProgress: ({ done, total }) => {
        if (terminal.progress) terminal.writeError(`\r\u001b[KLooked at ${done} of ${counted(total, 'photo')}`);
      },
    });
  } finally {
    if (terminal.progress) terminal.writeError('\r\u001b[K');
    await curator.stop();
  }
}

async function readFolder(folder: string, overrides: Overrides): Promise<PhotoFolder> {
  const used = new Set<string>();
  let found: PhotoFolder;
  try {
    found = await readPhotoFolder(folder, ({ filename, sha256 }) => {
      const key = [filename, sha256].find((name) => overrides.has(name));
      if (key === undefined) return null;
      used.add(key);
      return overrides.get(key) ?? null;
    });
  } catch (error) {
    const reason = FOLDER_FAULTS[(error as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw error;
    throw new CommandError(`${folder} ${reason}.`, 'Give the path of a folder that contains photos.', error);
  }
  const missing = [...overrides.keys()].find((key) => !used.has(key));
  if (missing !== undefined)
    throw new CommandError(
      `The overrides mention ${missing}, but no photo in ${folder} has this name or SHA-256.`,
      'Correct the name, or remove it from the file.',
    );
  return found;
}

const FOLDER_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a folder',
  EACCES: 'cannot be read: permission denied',
};

async function readOverrides(file: string | null): Promise<Overrides> {
  if (file === null) return new Map();
  try {
    return parseOverrides(await readFile(file, 'utf8'), basename(file));
  } catch (error) {
    throw new CommandError((error as Error).message, 'Correct the file that --overrides names.', error);
  }
}

async function writeFiles(set: CuratedSet, { reportFolder, pairsFile }: CurateArguments): Promise<void> {
  const files: (readonly [path: string, content: string | Buffer])[] = [];
  if (reportFolder !== null) {
    files.push(
      [join(reportFolder, 'report.json'), asJson(set.report)],
      [join(reportFolder, 'contact-sheet.png'), await renderContactSheet(set)],
      [join(reportFolder, 'report.html'), renderReport(set)],
    );
  }
  if (pairsFile !== null) files.push([pairsFile, asJson(set.pairs)]);
  for (const [path, content] of files) {
    try {
      await mkdir(dirname(resolve(path)), { recursive: true });
      await writeFile(path, content);
    } catch (error) {
      throw new CommandError((error as Error).message, 'Choose a location that can be written to.', error);
    }
  }
}

/** What went wrong and how to fix it, one line each. */
class CommandError extends Error {
  readonly fix: string;

  constructor(message: string, fix: string, cause?: unknown) {
    super(message, { cause });
    this.fix = fix;
  }
}

function explain(error: unknown): { readonly message: string; readonly fix: string } {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { message, fix: 'Run it again, with --no-cache if measurements from an earlier run may be damaged.' };
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
