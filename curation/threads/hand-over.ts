import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { Pixels } from '../intake/pictures.ts';

/**
 * Returns a result from a thread without copying its picture: a copy would stay in memory until the next garbage
 * collection.
 */
export function handOver<Value>(value: Value, picture: Pixels | null): Value {
  if (picture === null || !ownsItsMemory(picture.data)) return value;
  const transferable = { [transferableSymbol]: [picture.data.buffer], [valueSymbol]: value };
  return move(transferable as unknown as Parameters<typeof move>[0]) as Value;
}

/** The memory to hand over with a picture; none when other data lies in it too. */
export function memoryOf({ data }: Pixels): ArrayBuffer[] {
  return ownsItsMemory(data) ? [data.buffer as ArrayBuffer] : [];
}

function ownsItsMemory(data: Uint8Array): boolean {
  return data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength;
}
