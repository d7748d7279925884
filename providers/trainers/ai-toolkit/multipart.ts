import { randomUUID } from 'node:crypto';

export interface FormPart {
  readonly name: string;
  /** Makes it a file. */
  readonly filename?: string;
  readonly bytes: Uint8Array;
}

/**
 * A multipart/form-data body as one piece of memory. `FormData` would go through web streams in small pieces, which costs
 * throughput where the processor is busy.
 */
export function encodeForm(parts: readonly FormPart[]): {
  readonly contentType: string;
  readonly bytes: Buffer<ArrayBuffer>;
} {
  const boundary = `tempera-${randomUUID()}`;
  const pieces: Uint8Array[] = [];
  for (const { name, filename, bytes } of parts) {
    const file =
      filename === undefined ? '' : `; filename="${quoted(filename)}"\r\nContent-Type: application/octet-stream`;
    pieces.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(pieces) };
}

/** As browsers do (HTML standard, multipart/form-data encoding). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
