// A lock between processes, as a file that names its holder. A holder that is dead (or whose number was given to
// another process since) does not hold it. Plain JavaScript without dependencies: dev/run.mjs needs it before `npm ci`.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Distinguishes a process from a later one with the same number: its start time. Null when there is no such process.
 */
export function processIdentity(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return null;
  }
  try {
    if (process.platform === 'linux') {
      // Field 22; the name in field 2 may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : `${pid}@${fields[19]}`;
    }
    return `${pid}@${execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()}`;
  } catch {
    // No better way on this system: the number alone must do.
    return `${pid}`;
  }
}

/** Takes the lock or says who has it. */
export function tryLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  const draft = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, mine);
  try {
    for (;;) {
      try {
        // Linking is atomic and never overwrites: a reader always sees a complete lock.
        linkSync(draft, file);
        return { status: 'taken', release: () => release(file, mine) };
      } catch (error) {
        if (error.code !== 'EEXIST') throw error;
      }
      const holder = readHolder(file);
      if (holder === null) continue;
      if (holder.identity !== null && processIdentity(holder.pid) === holder.identity)
        return { status: 'held', pid: holder.pid };
      dropStale(file, holder.text, draft);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Takes the lock, waiting for the holder; `onWait` is called once with the holder's number. */
export async function lock(file, { onWait } = {}) {
  for (let waited = false; ; waited = true) {
    const result = tryLock(file);
    if (result.status === 'taken') return result.release;
    if (!waited) onWait?.(result.pid);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function readHolder(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { pid, identity } = JSON.parse(text);
    return { pid, identity, text };
  } catch {
    return { pid: 0, identity: null, text };
  }
}

/** Moves a dead holder's lock away; when a new holder slipped in between, its lock is put back. */
function dropStale(file, staleText, draft) {
  const aside = `${draft}.stale`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== staleText) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(file, mine) {
  if (readHolder(file)?.text === mine) rmSync(file, { force: true });
}
