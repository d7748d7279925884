/** Collects the files of one upload in a temporary folder and sorts them into photos, captions and rejected ones. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ApiDeps } from '../deps.ts';
import { withoutControls } from '../../core/text.ts';
import { ApiError } from '../errors.ts';
import { tailOf } from '../text.ts';
import { UPLOAD_LIMITS } from './limits.ts';
import { saveStream } from './save-stream.ts';
import { uploadsFolder } from './stale-uploads.ts';

export interface StagedPhoto {
  /** Temporary file. */
  readonly path: string;
  readonly filename: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mimeType: string;
  readonly width: number;
  readonly height: number;
  readonly caption?: string | undefined;
}

export interface RejectedFile {
  readonly filename: string;
  readonly code: string;
  readonly message: string;
}

export interface IncomingFile {
  /** Path inside its source (a request, a zip): NAME.txt belongs to NAME.jpg of the same source and folder. */
  readonly name: string;
  readonly source: string;
  readonly stream: Readable;
  /** Told of the bytes as they come; what it throws ends the upload. */
  readonly onBytes?: (bytes: number) => void;
}

export interface Intake {
  /** Path for one more temporary file. */
  temporaryPath(): string;
  add(file: IncomingFile): Promise<void>;
  /** Adds a file that is on disk already. */
  addSaved(
    file: Pick<IncomingFile, 'name' | 'source'> & { path: string; bytes: number; sha256: string },
  ): Promise<void>;
  reject(filename: string, code: string, message: string): void;
  /** Counts bytes of the request. Throws ApiError 413 REQUEST_TOO_LARGE. */
  count(bytes: number): void;
  result(): { photos: StagedPhoto[]; rejected: RejectedFile[] };
  /** Removes everything that is still on disk. */
  dispose(): Promise<void>;
}

/** A new intake. Once `stop` is aborted it takes nothing more and throws the reason. */
export async function createIntake(
  { settings: { home }, inspectPhoto }: Pick<ApiDeps, 'settings' | 'inspectPhoto'>,
  stop: AbortSignal,
): Promise<Intake> {
  stop.throwIfAborted();
  await mkdir(uploadsFolder(home), { recursive: true });
  const folder = await mkdtemp(join(uploadsFolder(home), 'upload-'));
  const photos: (StagedPhoto & { stem: string })[] = [];
  const captions = new Map<string, { filename: string; text: string }>();
  const rejected: RejectedFile[] = [];
  const rejectedStems = new Set<string>();
  let files = 0;
  let received = 0;

  const intake: Intake = {
    temporaryPath: () => join(folder, String(files++)),
    reject: (filename, code, message) => void rejected.push({ filename: safeFilename(filename), code, message }),
    count(bytes) {
      stop.throwIfAborted();
      received += bytes;
      if (received > UPLOAD_LIMITS.requestBytes) {
        throw new ApiError(
          413,
          'REQUEST_TOO_LARGE',
          'One request may contain at most 2 GB; split the photos over several.',
        );
      }
    },
    async add({ name, source, stream, onBytes }) {
      const path = intake.temporaryPath();
      const count = (bytes: number) => {
        intake.count(bytes);
        onBytes?.(bytes);
      };
      const saved = await saveStream(path, stream, () => UPLOAD_LIMITS.photoBytes, count);
      if (saved.status === 'saved') return intake.addSaved({ name, source, path, ...saved });
      await rm(path, { force: true });
      intake.reject(name, 'TOO_LARGE', 'A photo may be at most 30 MB.');
    },
    async addSaved({ name, source, path, bytes, sha256 }) {
      stop.throwIfAborted();
      const stem = `${source}/${name.slice(0, name.length - extname(name).length)}`;
      if (extname(name).toLowerCase() === '.txt') return addCaption(name, stem, path, bytes);
      if (photos.length >= UPLOAD_LIMITS.photos) {
        throw new ApiError(
          413,
          'TOO_MANY_PHOTOS',
          `One request may contain at most ${UPLOAD_LIMITS.photos} photos; send the rest in another.`,
        );
      }
      const inspected = bytes === 0 ? EMPTY : await inspectPhoto(path);
      if (inspected.status === 'ok') {
        const { mimeType, width, height } = inspected;
        photos.push({ path, stem, filename: safeFilename(name), bytes, sha256, mimeType, width, height });
        return;
      }
      await rm(path, { force: true });
      rejectedStems.add(stem);
      intake.reject(name, inspected.reason, inspected.message);
    },
    result() {
      const stems = new Set([...photos.map((photo) => photo.stem), ...rejectedStems]);
      for (const [stem, { filename }] of captions) {
        if (!stems.has(stem))
          intake.reject(
            filename,
            'NOT_A_PHOTO',
            'A text file counts as a caption only beside a photo of the same name.',
          );
      }
      return {
        photos: photos.map(({ stem, ...photo }) => ({ ...photo, caption: captions.get(stem)?.text })),
        rejected,
      };
    },
    // Work that was interrupted may still write a last file.
    dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };

  async function addCaption(name: string, stem: string, path: string, bytes: number): Promise<void> {
    const text = bytes > UPLOAD_LIMITS.captionBytes ? null : captionText(await readFile(path));
    await rm(path, { force: true });
    if (text === null) intake.reject(name, 'BAD_CAPTION', 'A caption must be UTF-8 text of at most 1,000 characters.');
    else if (text !== '') captions.set(stem, { filename: name, text });
  }
  return intake;
}

const EMPTY = { status: 'rejected', reason: 'NOT_A_PHOTO', message: 'The file is empty.' } as const;

function captionText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
    return Array.from(text).length > UPLOAD_LIMITS.captionCharacters || text.includes('\0') ? null : text;
  } catch {
    // Not UTF-8: the decoder has no other reason to throw.
    return null;
  }
}

/** The last part of a path, on one line, shortened. */
export function safeFilename(name: string): string {
  const clean = tailOf(withoutControls(basename(name.replaceAll('\\', '/')), ''), UPLOAD_LIMITS.filenameLength);
  return clean === '' ? 'unnamed' : clean;
}
