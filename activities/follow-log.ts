import type { Job, JobLog } from '../providers/backends/job.ts';

export interface FollowedLog {
  /** What the log said as of the last read. */
  readonly now: JobLog;
  /** Reads what is new. Throws PROVIDER_UNAVAILABLE; the next call then reads what this one could not. */
  read(until: AbortSignal): Promise<void>;
}

/** Reads a job's log from its beginning, piece by piece; a log that was restarted is read from its beginning again. */
export function followLog(job: Job): FollowedLog {
  let now = job.createLog();
  let readUpTo = 0;
  let reading: Promise<void> = Promise.resolve();
  return {
    get now() {
      return now;
    },
    /** One at a time: two readers would each add the same piece. */
    async read(until) {
      const before = reading;
      const next = (async () => {
        await before;
        const { text, offset, isNew } = await job.log(readUpTo, until);
        if (isNew) now = job.createLog();
        readUpTo = offset;
        now.add(text);
      })();
      reading = next.catch(() => undefined);
      await next;
    },
  };
}
