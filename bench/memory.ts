/** How much memory and processor time processes take, as the system reports it. */
import { readFile } from 'node:fs/promises';

export interface MemorySampler {
  /** Resident bytes of each process at the last reading. */
  now(): readonly number[];
  /** The most that all processes had together at one reading since the start. Bytes. */
  peakTogether(): number;
  /** The most that each process ever had. Bytes. */
  peaks(): Promise<readonly number[]>;
  /** Processor time that each process has used since it began. Seconds. */
  processorSeconds(): Promise<readonly number[]>;
  stop(): void;
}

/** Ticks of the kernel's clock in a second, as programs see them; the same on all common systems. */
const TICKS_PER_SECOND = 100;

/** Reads the resident memory of processes every second. Linux only: it reads /proc. */
export async function sampleMemory(pids: readonly number[]): Promise<MemorySampler> {
  const all = (field: 'VmRSS' | 'VmHWM') => Promise.all(pids.map((pid) => memoryOf(pid, field)));
  let last = await all('VmRSS');
  let peak = 0;
  const look = async () => {
    last = await all('VmRSS');
    peak = Math.max(
      peak,
      last.reduce((sum, bytes) => sum + bytes, 0),
    );
  };
  const timer = setInterval(() => void look(), 1_000);
  return {
    now: () => last,
    peakTogether: () => peak,
    peaks: () => all('VmHWM'),
    processorSeconds: () => Promise.all(pids.map(processorSecondsOf)),
    stop: () => clearInterval(timer),
  };
}

async function memoryOf(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1_024;
}

async function processorSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // After the program's name, which may hold blanks: state, 10 more fields, then time in the program and in the system.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}
