import type { Fault } from '../core/faults.ts';
import type { Disk } from '../toolkit/disk.ts';

/** The machine that a script runs on. */
export interface Machine {
  disk: Disk;
  download: Download;
  /** A pause of a program; a delay like any other, divided by the clock factor. */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A limit on what takes real time. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A line for the container's log. */
  print: (line: string) => void;
  signal: AbortSignal;
}

/** What is to go wrong with a download from this address. */
export type Download = (path: string) => Fault | undefined;
