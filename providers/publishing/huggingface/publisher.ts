import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CommitOperation } from '@huggingface/hub';
import type { ArtifactFile } from '../../../core/artifact.ts';
import type { HuggingFaceDestination } from '../../../core/destination.ts';
import { TemperaError } from '../../../core/failure.ts';
import { publishRefusal } from '../../../core/publish-policy.ts';
import type { PublishPolicy } from '../../../core/publish-policy.ts';
import type { Publisher, PublishRequest } from '../publisher.ts';
import { artifactFiles } from '../source.ts';
import { weightsName } from '../weights-name.ts';
import { createHubFetch } from './hub-fetch.ts';
import { modelCard } from './model-card.ts';
import { ownershipMark } from './ownership-mark.ts';
import { openRepository } from './repository.ts';
import type { Refs, Repository } from './repository.ts';
import { stageFiles } from './stage-files.ts';

/** How many times another writer may get in between our check and our commit or tag. */
const MAX_ROUNDS = 4;

export interface HuggingFacePublisherOptions {
  readonly token: string;
  readonly hubUrl: string;
  readonly policy: PublishPolicy;
  /** Name of this installation, for the marks of its repositories. */
  readonly environment: string;
  /** The app key that signs the mark. */
  readonly secret: string;
  /** Where copies of the artifact are kept while they are uploaded, when the object store is not a file system. */
  readonly temporaryDirectory: string;
  /**
   * Longest wait for an answer to anything but an upload. Milliseconds, default 90,000: the Hub gives a commit 60 s.
   */
  readonly callTimeoutMs?: number;
}

/**
 * Publishes to a model repository: one commit with weights, samples and card, tagged v1, v2, ... A version is known by
 * the SHA-256 of its weights, so a repeated publication finds the earlier commit and tag, also after a crash between
 * the two. Only a repository that this installation made for the same user's character (or training, without one) is
 * written to.
 */
export function createHuggingFacePublisher(options: HuggingFacePublisherOptions): Publisher<HuggingFaceDestination> {
  const { token, hubUrl, policy, environment, secret, temporaryDirectory, callTimeoutMs = 90_000 } = options;
  return {
    kind: 'huggingface',
    async publish(request) {
      const { destination, subject, signal, onProgress } = request;
      const { repo } = destination;
      const refusal = publishRefusal(policy, subject.userId, destination);
      if (refusal !== null) throw new TemperaError('PUBLISH_FAILED', `${repo} was not published to: ${refusal}`);
      const files = artifactFiles(subject);
      const weights = files.map((file, index) => ({ file, path: weightsPath(repo, files, index) }));
      const fetch = createHubFetch({ signal, callTimeoutMs, onBytes: onProgress, moved: () => notOurs(repo) });
      const connection = { token, hubUrl, fetch, signal, idleTimeoutMs: callTimeoutMs, onBytes: onProgress };
      const repository = openRepository(repo, connection);
      const mark = ownershipMark({ secret, environment, repo, subject });
      await makeOrFind({ repository, repo, mark, isPrivate: destination.private !== false });
      const commit = await publishVersion({ repository, mark, weights, request, temporaryDirectory });
      await readBack({ repository, commit, weights, repo });
      const [first] = files;
      return {
        location: repo,
        path: weights[0]!.path,
        revision: commit,
        url: `${hubUrl}/${repo}`,
        sha256: first.sha256,
      };
    },
  };
}

/** The same sentence whatever is there, and whether or not we may see it. */
function notOurs(repo: string): TemperaError {
  return new TemperaError(
    'PUBLISH_FAILED',
    `${repo} is not a repository that was made here for this user's LoRA of this character. Name another one.`,
  );
}

interface FindParams {
  readonly repository: Repository;
  readonly repo: string;
  readonly mark: string;
  readonly isPrivate: boolean;
}

/** Creates the repository unless one with this name exists; its owner is checked before it is written to. */
async function makeOrFind({ repository, repo, mark, isPrivate }: FindParams): Promise<void> {
  let name = await repository.name();
  if (name === null) {
    if ((await repository.create({ isPrivate, mark })) === 'done') return;
    // Somebody else was quicker, or owns one that we may not see.
    name = await repository.name();
  }
  if (name !== repo) throw notOurs(repo);
}

interface Weights {
  readonly file: ArtifactFile;
  readonly path: string;
}

interface VersionParams {
  readonly repository: Repository;
  readonly mark: string;
  readonly weights: readonly Weights[];
  readonly request: PublishRequest<HuggingFaceDestination>;
  readonly temporaryDirectory: string;
}

/** Finds or creates the version with these weights and returns its commit. Each round reads the repository again. */
async function publishVersion(params: VersionParams): Promise<string> {
  const { repository, mark, weights, request } = params;
  const { subject, destination } = request;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const refs = await repository.refs();
    // The mark is read in the exact commit that ours builds on: a repository that is replaced in the meantime is not
    // ours.
    const parent = refs.main;
    if (parent === null || !(await repository.isMarked(parent, mark))) throw notOurs(destination.repo);
    for (const { commit } of versionsOf(refs)) if (await holds(repository, commit, weights)) return commit;
    let commit = parent;
    if (!(await holds(repository, commit, weights))) {
      const done = await commitFiles({ ...params, parent });
      if (done.status === 'outdated') continue;
      commit = done.commit;
    }
    const name = `v${(versionsOf(refs)[0]?.version ?? 0) + 1}`;
    const tagged = await repository.tag({ name, commit, message: `Tempera training ${subject.trainingId}` });
    if (tagged === 'done') return commit;
  }
  throw new TemperaError('PUBLISH_FAILED', `Others keep writing to ${destination.repo} at the same time`, {
    retryable: true,
  });
}

async function commitFiles({
  repository,
  weights,
  request,
  temporaryDirectory,
  parent,
}: VersionParams & { parent: string }) {
  const { subject } = request;
  const samples = await readSamples(request);
  const staged = await stageFiles({ files: weights.map(({ file }) => file), source: request, temporaryDirectory });
  const add = (path: string, content: Blob | URL): CommitOperation => ({ operation: 'addOrUpdate', path, content });
  try {
    return await repository.commit({
      parent,
      title: `Publish ${subject.name.replace(/\s+/g, ' ').slice(0, 60)} at step ${subject.steps}`,
      operations: [
        ...weights.map(({ path }, index) => add(path, staged.urls[index]!)),
        ...samples.map(({ path, bytes }) => add(path, new Blob([bytes]))),
        add('README.md', new Blob([modelCard({ subject, samples })])),
      ],
    });
  } finally {
    await staged.remove();
  }
}

/** Samples are small pictures; one that is gone from the store is left out. */
async function readSamples({ subject, store, signal }: PublishRequest) {
  const samples: { path: string; prompt: string; bytes: Buffer<ArrayBuffer> }[] = [];
  for (const { key, prompt } of subject.samples) {
    const object = await store.get(key, { signal });
    if (!object) continue;
    const bytes = Buffer.from(await buffer(object.body));
    samples.push({ path: `samples/${samples.length + 1}${extname(key).toLowerCase() || '.jpg'}`, prompt, bytes });
  }
  return samples;
}

/** Downloads what was published and compares its bytes, not what the Hub says about them. */
async function readBack(params: {
  repository: Repository;
  commit: string;
  weights: readonly Weights[];
  repo: string;
}): Promise<void> {
  const { repository, commit, weights, repo } = params;
  for (const { file, path } of weights) {
    const served = await repository.served({ revision: commit, path, maxBytes: file.sizeBytes });
    if (served?.sha256 === file.sha256 && served.sizeBytes === file.sizeBytes) continue;
    throw new TemperaError('PUBLISH_FAILED', `${repo} does not serve ${path} as it was uploaded`, {
      retryable: true,
      ids: { commit },
    });
  }
}

/** Whether, according to the Hub, a commit contains these weights. */
async function holds(repository: Repository, commit: string, weights: readonly Weights[]): Promise<boolean> {
  const found = await repository.largeFiles(
    commit,
    weights.map(({ path }) => path),
  );
  return weights.every(({ file, path }) => {
    const there = found.get(path);
    return there?.sha256 === file.sha256 && there.sizeBytes === file.sizeBytes;
  });
}

/** Our own tags, newest first. */
function versionsOf({ tags }: Refs): { version: number; commit: string }[] {
  return tags
    .flatMap(({ name, commit }) => {
      const version = /^v(\d{1,9})$/.exec(name)?.[1];
      return version === undefined ? [] : [{ version: Number(version), commit }];
    })
    .sort((a, b) => b.version - a.version);
}

/** The repository's own name, so that every version has its weights at the same path. */
function weightsPath(repo: string, files: readonly ArtifactFile[], index: number): string {
  return weightsName({ base: `${repo.slice(repo.indexOf('/') + 1)}.safetensors`, files, index });
}
