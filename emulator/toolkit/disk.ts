import { join, posix } from 'node:path';

/** A pod's file system: absolute paths of the pod are below one folder of ours, and nothing leads out of it. */
export class Disk {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The real path of a path inside the pod. */
  real(podPath: string): string {
    return join(this.#dir, posix.normalize(`/${podPath}`));
  }

  /** A place for uploads in progress. */
  temp(name: string): string {
    return join(this.#dir, 'tmp', name);
  }
}

/** What relative paths are relative to: where the UI server was started. */
export function workingFolder({ root }: { root: string }): string {
  return `${root}/ui`;
}

export function isBelow(path: string, folder: string): boolean {
  const normal = posix.normalize(path);
  return normal === folder || normal.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
