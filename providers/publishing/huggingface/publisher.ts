import { extname } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { CommitOperation } from '@huggingface/hub';
import type { ArtifactFile } from '../../../core/artifact.ts';
import type { HuggingFaceDestination } from '../../../core/destination.ts';
import { TemperaError } from '../../../core/failure.ts';
import type { Publisher, PublishRequest } from '../publisher.ts';
import { artifactFiles } from '../source.ts';
import { weightsName } from '../weights-name.ts';
import { createHubFetch } from './hub-fetch.ts';
import { modelCard } from './model-card.ts';
import { openRepository } from './repository.ts';
import type { Refs, Repository } from './repository.ts';
import { stageFiles } from './stage-files.ts';

/** How often another writer may come in between our look and our commit or tag. */
const MAX_ROUNDS = 4;

interface HuggingFacePublisherOptions {
  readonly token: string;
  readonly hubUrl: string;
  /** Where copies of the artifact lie while they go up, when the object store is not a file system. */
  readonly temporaryDirectory: string;
  /** Longest wait for an answer to anything but an upload. Milliseconds, default 90,000: the Hub gives a commit 60 s. */
  readonly callTimeoutMs?: number;
}

/**
 * Publishes to a model repository: one commit with weights, samples and card, tagged v1, v2, ... A version is known by the
 * SHA-256 of its weights, so a repeated publication finds the earlier commit and tag, also after a crash between the two.
 */
export function createHuggingFacePublisher(options: HuggingFacePublisherOptions): Publisher<HuggingFaceDestination> {
  const { token, hubUrl, temporaryDirectory, callTimeoutMs = 90_000 } = options;
  return {
    kind: 'huggingface',
    async publish(request) {
      const { destination, subject, signal, onProgress } = request;
      const files = artifactFiles(subject);
      const weights = files.map((file, index) => ({ file, path: weightsPath(destination.repo, files, index) }));
      const fetch = createHubFetch({ signal, callTimeoutMs, onBytes: onProgress });
      const repository = openRepository(destination.repo, { token, hubUrl, fetch, signal });
      await repository.ensure({ isPrivate: destination.private !== false });
      const commit = await publishVersion({ repository, weights, request, temporaryDirectory });
      await readBack({ repository, commit, weights, repo: destination.repo });
      const [first] = files;
      return {
        location: destination.repo,
        path: weights[0]!.path,
        revision: commit,
        url: `${hubUrl}/${destination.repo}`,
        sha256: first.sha256,
      };
    },
  };
}

interface Weights {
  readonly file: ArtifactFile;
  readonly path: string;
}

interface VersionParams {
  readonly repository: Repository;
  readonly weights: readonly Weights[];
  readonly request: PublishRequest<HuggingFaceDestination>;
  readonly temporaryDirectory: string;
}

/** Finds the version with these weights or makes it; answers its commit. Each round looks at the repository anew. */
async function publishVersion({ repository, weights, request, temporaryDirectory }: VersionParams): Promise<string> {
  const { subject, destination } = request;
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const refs = await repository.refs();
    for (const { commit } of versionsOf(refs)) if (await holds(repository, commit, weights)) return commit;
    let commit = refs.main;
    if (commit === null || !(await holds(repository, commit, weights))) {
      const done = await commitFiles({ repository, weights, request, temporaryDirectory, parent: refs.main });
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
}: VersionParams & { parent: string | null }) {
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

async function readBack(params: {
  repository: Repository;
  commit: string;
  weights: readonly Weights[];
  repo: string;
}): Promise<void> {
  const { repository, commit, weights, repo } = params;
  if (await holds(repository, commit, weights)) return;
  throw new TemperaError(
    'PUBLISH_FAILED',
    `${repo} does not show the weights with the size and SHA-256 that were sent`,
    { retryable: true, ids: { commit } },
  );
}

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

/** Tags of ours, newest first. */
function versionsOf({ tags }: Refs): { version: number; commit: string }[] {
  return tags
    .flatMap(({ name, commit }) => {
      const version = /^v(\d{1,9})$/.exec(name)?.[1];
      return version === undefined ? [] : [{ version: Number(version), commit }];
    })
    .sort((a, b) => b.version - a.version);
}

/** The repository's own name, so that every version holds its weights at the same path. */
function weightsPath(repo: string, files: readonly ArtifactFile[], index: number): string {
  return weightsName({ base: `${repo.slice(repo.indexOf('/') + 1)}.safetensors`, files, index });
}
