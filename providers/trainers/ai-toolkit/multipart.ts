import { randomUUID } from 'node:crypto';
import type { StreamedBody } from '../../http-upload.ts';

export interface FormPart {
  readonly name: string;
  /** Makes it a file. */
  readonly filename?: string;
  readonly bytes: Uint8Array;
}

/**
 * A multipart/form-data body as one piece of memory. `FormData` would go through web streams in small pieces, which
 * costs throughput where the processor is busy.
 */
export function encodeForm(parts: readonly FormPart[]): {
  readonly contentType: string;
  readonly bytes: Buffer<ArrayBuffer>;
} {
  const boundary = newBoundary();
  const pieces = parts.flatMap((part) => [head(boundary, part), part.bytes, END_OF_PART]);
  return { contentType: typeOf(boundary), bytes: Buffer.concat([...pieces, end(boundary)]) };
}

/**
 * A form with some fields and one file that is read while it is sent. If the source's length is not as announced, the
 * body fails.
 */
export function streamForm(
  fields: readonly FormPart[],
  file: Omit<FormPart, 'bytes'> & { readonly sizeBytes: number; readonly source: AsyncIterable<Uint8Array> },
): StreamedBody {
  const boundary = newBoundary();
  const before = Buffer.concat(fields.flatMap((part) => [head(boundary, part), part.bytes, END_OF_PART]));
  const opening = Buffer.concat([before, head(boundary, file)]);
  const closing = Buffer.concat([END_OF_PART, end(boundary)]);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield opening;
    let sent = 0;
    for await (const chunk of file.source) {
      sent += chunk.byteLength;
      yield chunk;
    }
    if (sent !== file.sizeBytes) throw new Error(`the file has ${sent} bytes instead of ${file.sizeBytes}`);
    yield closing;
  }
  return {
    contentType: typeOf(boundary),
    sizeBytes: opening.byteLength + file.sizeBytes + closing.byteLength,
    chunks: chunks(),
  };
}

const END_OF_PART = Buffer.from('\r\n');

function newBoundary(): string {
  return `tempera-${randomUUID()}`;
}

function typeOf(boundary: string): string {
  return `multipart/form-data; boundary=${boundary}`;
}

function head(boundary: string, { name, filename }: Omit<FormPart, 'bytes'>): Buffer {
  const file =
    filename === undefined ? '' : `; filename="${quoted(filename)}"\r\nContent-Type: application/octet-stream`;
  return Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n\r\n`);
}

function end(boundary: string): Buffer {
  return Buffer.from(`--${boundary}--\r\n`);
}

/** As browsers do (HTML standard, multipart/form-data encoding). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
