import { open } from 'node:fs/promises';
import { hashSeed, seededRandom } from '../core/random.ts';
import { keyStyle } from './lora-keys.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;

interface Tensor {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** What distinguishes one weights file from another. */
export interface WeightsParams {
  arch: string;
  rank: number;
  dtype: string;
  sizeBytes: number;
  metadata: Record<string, string>;
  seed: number;
}

/**
 * The JSON header of a LoRA of about `sizeBytes`; padded with blanks so that the file has exactly that size when it
 * can.
 */
function layout(params: WeightsParams): { header: Buffer; dataBytes: number; dtype: string } {
  const dtype = { bf16: 'BF16', bfloat16: 'BF16', fp32: 'F32', float32: 'F32' }[params.dtype] ?? 'F16';
  const width = dtype === 'F32' ? 4 : 2;
  const style = keyStyle(params.arch);
  const rank = Math.max(1, params.rank);
  // One pair of matrices per 16 KiB, as many as a large model has at most.
  const pairs = Math.max(1, Math.min(152, Math.floor(params.sizeBytes / 16_384)));
  // In coarse steps, so that a longer step number does not change the shapes.
  const metadataRoom = Math.ceil(JSON.stringify(params.metadata).length / 256) * 256;
  const headerRoom = 600 + metadataRoom + pairs * (style.alpha ? 420 : 300);
  const side = Math.max(1, Math.floor((params.sizeBytes - headerRoom) / (pairs * 2 * rank * width)));

  const tensors: Record<string, Tensor> = {};
  let offset = 0;
  const add = (name: string, shape: number[]): void => {
    const bytes = shape.reduce((product, dimension) => product * dimension, 1) * width;
    tensors[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  };
  for (let index = 0; index < pairs; index += 1) {
    const module = style.modules(index);
    if (style.alpha) add(style.alpha(module), []);
    add(style.down(module), [rank, side]);
    add(style.up(module), [side, rank]);
  }
  const json = JSON.stringify({ __metadata__: params.metadata, ...tensors });
  const plain = Math.ceil(Buffer.byteLength(json) / 8) * 8;
  const wanted = params.sizeBytes - 8 - offset;
  // Trailing blanks belong to the format; a header of megabytes would be odd, so huge gaps stay gaps.
  const padded = wanted >= plain && wanted - plain < 16 * 1024 * 1024 ? wanted : plain;
  return {
    header: Buffer.concat([Buffer.from(json), Buffer.alloc(padded - Buffer.byteLength(json), ' ')]),
    dataBytes: offset,
    dtype,
  };
}

/**
 * Writes a valid safetensors file in chunks, in place like the real trainer: a reader may find it half written. `pause`
 * is awaited before each of about eight parts, so that the file visibly grows.
 */
export async function writeWeights(
  path: string,
  params: WeightsParams,
  { signal, pause }: { signal: AbortSignal; pause?: (() => Promise<void>) | undefined },
): Promise<void> {
  const { header, dataBytes, dtype } = layout(params);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const block = randomWeights(Math.min(CHUNK_BYTES, Math.max(4, Math.ceil(dataBytes / 4) * 4)), dtype, params.seed);
  const partBytes = pause ? Math.min(block.length, Math.ceil(dataBytes / 8)) : block.length;
  const file = await open(path, 'w');
  try {
    await file.write(Buffer.concat([length, header]));
    for (let written = 0; written < dataBytes;) {
      await pause?.();
      signal.throwIfAborted();
      // Each part continues where the last one ended within the block, so that part sizes do not change the bytes.
      const from = written % block.length;
      const part = block.subarray(from, from + Math.min(partBytes, dataBytes - written));
      await file.write(part);
      written += part.length;
    }
  } finally {
    await file.close();
  }
}

/** Small finite numbers around zero. */
function randomWeights(bytes: number, dtype: string, seed: number): Buffer {
  const block = Buffer.alloc(bytes);
  const random = seededRandom(hashSeed(seed, 'weights'));
  if (dtype === 'F32') {
    for (let at = 0; at + 4 <= bytes; at += 4) block.writeFloatLE((random() - 0.5) * 0.02, at);
    return block;
  }
  // Exponents that mean about 0.001 to 0.01 in each format, any mantissa, any sign.
  const base = dtype === 'BF16' ? 0x3a80 : 0x1400;
  const spread = dtype === 'BF16' ? 0x180 : 0x0c00;
  for (let at = 0; at + 2 <= bytes; at += 2) {
    const bits = Math.floor(random() * spread * 2);
    block.writeUInt16LE((base + (bits >> 1)) | ((bits & 1) << 15), at);
  }
  return block;
}

/** The metadata of a safetensors file; throws when the file is incomplete. */
export async function readMetadata(path: string): Promise<Record<string, string>> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(8);
    await file.read(head, 0, 8, 0);
    const length = Number(head.readBigUInt64LE());
    if (size < 8 || length > size - 8) throw new Error('Error while deserializing header: InvalidHeaderLength');
    const bytes = Buffer.alloc(length);
    await file.read(bytes, 0, length, 8);
    const { __metadata__: metadata = {}, ...tensors } = JSON.parse(bytes.toString('utf8')) as {
      __metadata__?: Record<string, string>;
    };
    const end = Math.max(
      0,
      ...Object.values(tensors as Record<string, Tensor>).map((tensor) => tensor.data_offsets[1]),
    );
    if (8 + length + end !== size) throw new Error('Error while deserializing header: MetadataIncompleteBuffer');
    return metadata;
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Error('Error while deserializing header: InvalidHeaderDeserialization', { cause: error });
    throw error;
  } finally {
    await file.close();
  }
}
