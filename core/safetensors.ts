/**
 * Checks that a safetensors file is complete: 8 bytes of little-endian header length, a JSON header, then exactly as
 * many data bytes as the header's largest offset says (format as described by its authors and AI Toolkit's files,
 * 2026-08).
 */

/** LoRA headers are a few hundred KB; the format's own limit is 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;

interface SafetensorsHeader {
  /** Step that the trainer wrote into the metadata; null when there is none. */
  readonly step: number | null;
  readonly tensors: number;
}

export type SafetensorsVerdict =
  | ({ readonly status: 'valid' } & SafetensorsHeader)
  | { readonly status: 'invalid'; readonly message: string };

/** Follows a file in chunks of any size and gives a verdict at the end; keeps only the header in memory. */
export interface SafetensorsCheck {
  add(chunk: Uint8Array): void;
  verdict(): SafetensorsVerdict;
}

export function createSafetensorsCheck(): SafetensorsCheck {
  let total = 0;
  let wanted = LENGTH_BYTES;
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let headerBytes: number | null = null;
  let tooLarge = false;

  const readLength = () => {
    const bytes = concat(held, LENGTH_BYTES);
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    if (length > MAX_HEADER_BYTES) tooLarge = true;
    headerBytes = length;
    wanted = tooLarge ? 0 : LENGTH_BYTES + length;
  };

  return {
    add(chunk) {
      total += chunk.byteLength;
      if (heldBytes >= wanted) return;
      // A copy: the caller reuses its buffer, and a slice would keep all of it alive.
      held.push(new Uint8Array(chunk.subarray(0, wanted === LENGTH_BYTES ? chunk.byteLength : wanted - heldBytes)));
      heldBytes += chunk.byteLength;
      if (headerBytes === null && heldBytes >= LENGTH_BYTES) readLength();
    },
    verdict() {
      if (headerBytes === null) return { status: 'invalid', message: `the file has only ${total} bytes` };
      if (tooLarge) return { status: 'invalid', message: `the header claims ${headerBytes} bytes` };
      if (heldBytes < wanted)
        return { status: 'invalid', message: `the file ends inside its header, after ${total} bytes` };
      const text = new TextDecoder().decode(concat(held, wanted).subarray(LENGTH_BYTES));
      return judgeHeader(text, total - wanted);
    },
  };
}

function judgeHeader(text: string, dataBytes: number): SafetensorsVerdict {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    return { status: 'invalid', message: 'the header is not JSON' };
  }
  if (typeof header !== 'object' || header === null)
    return { status: 'invalid', message: 'the header is not an object' };
  let end = 0;
  let tensors = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const offsets: unknown = (entry as { data_offsets?: unknown } | null)?.data_offsets;
    if (!Array.isArray(offsets) || typeof offsets[1] !== 'number')
      return { status: 'invalid', message: `tensor ${name.slice(0, 80)} has no offsets` };
    end = Math.max(end, offsets[1]);
    tensors += 1;
  }
  if (tensors === 0) return { status: 'invalid', message: 'the file holds no tensor' };
  if (end !== dataBytes)
    return { status: 'invalid', message: `the tensors need ${end} bytes and the file has ${dataBytes}` };
  return { status: 'valid', tensors, step: metadataStep(header) };
}

/** AI Toolkit writes `training_info`: JSON text with the step. */
function metadataStep(header: object): number | null {
  const metadata = (header as { __metadata__?: { training_info?: unknown } }).__metadata__;
  if (typeof metadata?.training_info !== 'string') return null;
  try {
    const step: unknown = (JSON.parse(metadata.training_info) as { step?: unknown }).step;
    return typeof step === 'number' ? step : null;
  } catch {
    return null;
  }
}

function concat(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, bytes - offset);
    whole.set(part, offset);
    offset += part.byteLength;
    if (offset >= bytes) break;
  }
  return whole;
}
