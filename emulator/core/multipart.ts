import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:fs';

export interface UploadedFile {
  field: string;
  fileName: string;
  tempPath: string;
  sizeBytes: number;
}

export interface Upload {
  files: UploadedFile[];
  fields: Record<string, string>;
}

interface Part {
  field: string;
  fileName: string | undefined;
  stream: WriteStream | undefined;
  tempPath: string;
  sizeBytes: number;
  text: Buffer[];
}

/** Reads multipart/form-data as it arrives: files go to `tempPath(n)`, never into memory. */
export async function readMultipart(params: {
  body: Readable;
  contentType: string | undefined;
  tempPath: (index: number) => string;
}): Promise<Upload> {
  const boundary = /^multipart\/form-data\b.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(params.contentType ?? '');
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw new TypeError('not multipart/form-data');

  const delimiter = Buffer.from(`\r\n--${name}`);
  const upload: Upload = { files: [], fields: {} };
  // The first delimiter has no line break before it: pretend that there was one.
  let buffer: Buffer = Buffer.from('\r\n');
  let part: Part | undefined;
  let ended = false;

  const take = async (): Promise<boolean> => {
    const at = buffer.indexOf(delimiter);
    if (at < 0) {
      const keep = delimiter.length - 1;
      if (part !== undefined && buffer.length > keep) {
        await write(part, buffer.subarray(0, buffer.length - keep));
        buffer = buffer.subarray(buffer.length - keep);
      }
      return false;
    }
    const after = at + delimiter.length;
    if (buffer.length < after + 2) return false;
    const isLast = buffer.toString('latin1', after, after + 2) === '--';
    const headEnd = buffer.indexOf('\r\n\r\n', after);
    if (!isLast && headEnd < 0) return false;
    if (part !== undefined) {
      await write(part, buffer.subarray(0, at));
      await finish(part, upload);
      part = undefined;
    }
    if (isLast) {
      ended = true;
      return false;
    }
    part = openPart(buffer.toString('utf8', after, headEnd), params.tempPath(upload.files.length));
    buffer = buffer.subarray(headEnd + 4);
    return true;
  };

  for await (const chunk of params.body as AsyncIterable<Buffer>) {
    if (ended) continue;
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    while (await take());
  }
  if (!ended) throw new TypeError('multipart body ends early');
  return upload;
}

function openPart(head: string, tempPath: string): Part {
  const disposition = /content-disposition:([^\r\n]*)/i.exec(head)?.[1] ?? '';
  const field = /\bname="([^"]*)"/i.exec(disposition)?.[1] ?? '';
  // Browsers write a quote in a name as %22 (HTML standard, multipart/form-data encoding).
  const fileName = /\bfilename="([^"]*)"/i.exec(disposition)?.[1]?.replaceAll('%22', '"');
  const stream = fileName === undefined ? undefined : createWriteStream(tempPath, { highWaterMark: 1024 * 1024 });
  return { field, fileName, stream, tempPath, sizeBytes: 0, text: [] };
}

async function write(part: Part, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return;
  part.sizeBytes += bytes.length;
  if (part.stream === undefined) part.text.push(Buffer.from(bytes));
  else if (!part.stream.write(bytes)) await once(part.stream, 'drain');
}

async function finish(part: Part, upload: Upload): Promise<void> {
  if (part.stream === undefined) {
    upload.fields[part.field] = Buffer.concat(part.text).toString('utf8');
    return;
  }
  part.stream.end();
  await once(part.stream, 'close');
  upload.files.push({
    field: part.field,
    fileName: part.fileName ?? '',
    tempPath: part.tempPath,
    sizeBytes: part.sizeBytes,
  });
}
