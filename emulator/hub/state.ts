import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface TreeEntry {
  path: string;
  /** Git blob id; of the pointer for LFS files. */
  oid: string;
  size: number;
  lfs?: { oid: string; size: number; pointerSize: number };
}

export interface Commit {
  oid: string;
  parent: string | null;
  title: string;
  message: string;
  user: string;
  atMs: number;
  tree: Map<string, TreeEntry>;
}

export interface Repo {
  objectId: string;
  id: string;
  owner: string;
  isPrivate: boolean;
  createdAtMs: number;
  commits: Map<string, Commit>;
  branches: Map<string, string>;
  tags: Map<string, string>;
}

/** What `GET /w/{world}/admin/state` shows of the Hub. */
export interface HubView {
  repos: {
    id: string;
    private: boolean;
    /** Names and their commits. */
    branches: Record<string, string>;
    tags: Record<string, string>;
    commits: number;
    /** On the branch main. */
    files: TreeEntry[];
  }[];
}

/** The Hugging Face Hub of a world: model repositories, their commits and the blobs on disk. */
export class Hub {
  readonly repos = new Map<string, Repo>();
  /** Former names in lower case -> the repository that had them. */
  readonly formerNames = new Map<string, Repo>();
  readonly #dir: string;
  /** Multipart uploads in progress: part number -> etag. */
  readonly parts = new Map<string, Map<number, string>>();

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(join(dir, 'blobs'), { recursive: true });
    mkdirSync(join(dir, 'lfs'), { recursive: true });
    mkdirSync(join(dir, 'parts'), { recursive: true });
  }

  blobPath(oid: string): string {
    return join(this.#dir, 'blobs', oid);
  }

  lfsPath(sha256: string): string {
    return join(this.#dir, 'lfs', sha256);
  }

  partPath(sha256: string, part: number): string {
    return join(this.#dir, 'parts', `${sha256}-${part}`);
  }

  tempPath(): string {
    return join(this.#dir, 'parts', randomBytes(8).toString('hex'));
  }

  /**
   * The repository of a name. It is not the one asked for when the spelling differs or when it has moved: the Hub
   * redirects then (the first is assumed, the second documented).
   */
  find(id: string): Repo | undefined {
    const exact = this.repos.get(id);
    if (exact) return exact;
    const name = id.toLowerCase();
    return [...this.repos.values()].find((repo) => repo.id.toLowerCase() === name) ?? this.formerNames.get(name);
  }

  move(repo: Repo, id: string): void {
    this.repos.delete(repo.id);
    this.formerNames.set(repo.id.toLowerCase(), repo);
    this.formerNames.delete(id.toLowerCase());
    repo.id = id;
    this.repos.set(id, repo);
  }

  delete(repo: Repo): void {
    this.repos.delete(repo.id);
    for (const [name, former] of this.formerNames) if (former === repo) this.formerNames.delete(name);
  }

  createRepo(params: { id: string; owner: string; isPrivate: boolean; nowMs: number }): Repo {
    const repo: Repo = {
      objectId: randomBytes(12).toString('hex'),
      id: params.id,
      owner: params.owner,
      isPrivate: params.isPrivate,
      createdAtMs: params.nowMs,
      commits: new Map(),
      branches: new Map(),
      tags: new Map(),
    };
    this.repos.set(repo.id, repo);
    this.formerNames.delete(repo.id.toLowerCase());
    addCommit(repo, {
      branch: 'main',
      title: 'initial commit',
      message: '',
      user: params.owner,
      atMs: params.nowMs,
      tree: new Map(),
    });
    return repo;
  }

  describe(): HubView {
    return {
      repos: [...this.repos.values()].map((repo) => ({
        id: repo.id,
        private: repo.isPrivate,
        branches: Object.fromEntries([...repo.branches].filter(([name]) => !isPullRef(name))),
        tags: Object.fromEntries(repo.tags),
        commits: repo.commits.size,
        files: [...(repo.commits.get(repo.branches.get('main') ?? '')?.tree.values() ?? [])],
      })),
    };
  }
}

/** Pull requests live beside the branches. */
export function isPullRef(name: string): boolean {
  return name.startsWith('refs/pr/');
}

/** Appends a commit to a branch. */
export function addCommit(repo: Repo, params: Omit<Commit, 'oid' | 'parent'> & { branch: string }): Commit {
  const { branch, ...rest } = params;
  const parent = repo.branches.get(branch) ?? null;
  const names = [...rest.tree.values()].map(({ path, oid }) => `${path} ${oid}`).join('\n');
  const oid = createHash('sha1')
    .update(`${parent ?? ''}\n${rest.title}\n${rest.atMs}\n${repo.commits.size}\n${names}`)
    .digest('hex');
  const commit: Commit = { ...rest, oid, parent };
  repo.commits.set(oid, commit);
  repo.branches.set(branch, oid);
  return commit;
}

/** A branch, a tag, a pull request's reference, HEAD or a commit id. */
export function resolveRevision(repo: Repo, revision: string): Commit | undefined {
  const name = revision === 'HEAD' ? 'main' : revision.replace(/^refs\/(?:heads|tags)\//, '');
  return repo.commits.get(repo.branches.get(name) ?? repo.tags.get(name) ?? name);
}

/** The id that git gives to a blob of these bytes. */
export function gitBlobId(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

export function lfsPointer(sha256: string, size: number): Buffer {
  return Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`);
}
