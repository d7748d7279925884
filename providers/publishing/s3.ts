import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { HeadObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { ArtifactFile } from '../../core/artifact.ts';
import { defaultPublishKey } from '../../core/destination.ts';
import type { S3Destination } from '../../core/destination.ts';
import { TemperaError } from '../../core/failure.ts';
import { publishRefusal } from '../../core/publish-policy.ts';
import type { PublishPolicy } from '../../core/publish-policy.ts';
import { createS3Client, isNotFound, isRefusedBucket, s3Failure, s3Status } from '../storage/s3-client.ts';
import type { S3ClientOptions } from '../storage/s3-client.ts';
import { uploadToS3 } from '../storage/s3-upload.ts';
import type { PublicationSubject, Publisher, PublishRequest } from './publisher.ts';
import { artifactFiles, openArtifactFile, sourceFailure } from './source.ts';
import { weightsName } from './weights-name.ts';

/** How many times another writer may get in between our check and our write. */
const MAX_ROUNDS = 3;

interface S3PublisherOptions extends S3ClientOptions {
  readonly policy: PublishPolicy;
}

/**
 * Publishes to a bucket: conditional write, then every byte is read back. An object that is not ours is never
 * overwritten.
 */
export function createS3Publisher({ policy, ...connection }: S3PublisherOptions): Publisher<S3Destination> {
  const client = createS3Client(connection);
  return {
    kind: 's3',
    async publish(request) {
      const { destination, subject, signal } = request;
      const Bucket = destination.bucket ?? policy.buckets[0] ?? '';
      if (publishRefusal(policy, subject.userId, destination) !== null) throw closed(Bucket, 'not_allowed');
      const baseKey = destination.key ?? defaultPublishKey(subject);
      const published: { key: string; revision: string | null; sha256: string }[] = [];
      try {
        const files = artifactFiles(subject);
        if (await isOurStore(client, { Bucket, file: files[0], signal })) throw closed(Bucket, 'object_store');
        for (const [index, file] of files.entries()) {
          const Key = weightsName({ base: baseKey, files, index });
          await place({ client, at: { Bucket, Key }, file, request });
          published.push({ key: Key, ...(await readBack({ client, at: { Bucket, Key }, file, request })) });
        }
      } catch (error) {
        signal.throwIfAborted();
        if (isRefusedBucket(error)) throw closed(Bucket, error.name);
        throw s3Failure(sourceFailure(error), { what: `publish ${Bucket}/${baseKey}`, fallback: 'PUBLISH_FAILED' });
      }
      const { key, revision, sha256 } = published[0]!;
      return { location: Bucket, path: key, revision, url: `s3://${Bucket}/${key}`, sha256 };
    },
  };
}

/**
 * One sentence for every reason why a bucket is closed, so that nobody learns what exists; operators find the answer in
 * the history.
 */
function closed(bucket: string, answer: string): TemperaError {
  return new TemperaError(
    'PUBLISH_FAILED',
    `s3://${bucket} cannot be used for publishing: it is not allowed, does not exist or is not open to this installation.`,
    { ids: { answer } },
  );
}

/**
 * Whether the bucket is our object store under another name (an alias, another spelling of its address): the artifact
 * is already in it under its own key. A user who chooses keys there could choose those of photos and saves.
 */
async function isOurStore(
  client: S3Client,
  { Bucket, file, signal }: { Bucket: string; file: ArtifactFile; signal: AbortSignal },
): Promise<boolean> {
  try {
    // GET, because an error of HEAD has no body that says which one it is.
    const answer = await client.send(new GetObjectCommand({ Bucket, Key: file.key, Range: 'bytes=0-0' }), {
      abortSignal: signal,
    });
    (answer.Body as Readable | undefined)?.destroy();
    return true;
  } catch (error) {
    // By name: other refusals are 404 too, and with some servers even rejected credentials are.
    if (error instanceof Error && error.name === 'NoSuchKey') return false;
    throw error;
  }
}

interface FileParams {
  readonly client: S3Client;
  readonly at: { readonly Bucket: string; readonly Key: string };
  readonly file: ArtifactFile;
  readonly request: PublishRequest<S3Destination>;
}

/** Writes the file to its key unless it is already there. The conditional write closes the gap after the check. */
async function place({ client, at, file, request }: FileParams): Promise<void> {
  const { subject, signal, onProgress } = request;
  for (let round = 1; ; round++) {
    const there = await look(client, at, signal);
    if (there && isSameFile(there, file)) return;
    if (there && !mayReplace(there, subject)) {
      throw new TemperaError(
        'PUBLISH_FAILED',
        `s3://${at.Bucket}/${at.Key} holds an object that is not this user's LoRA of this character. Name another key, or move it away.`,
      );
    }
    try {
      await uploadToS3({
        client,
        target: {
          ...at,
          ...(there ? { IfMatch: there.ETag } : { IfNoneMatch: '*' }),
          ContentType: 'application/octet-stream',
          Metadata: metadataOf(subject, file),
        },
        body: await openArtifactFile(request, file),
        expected: file,
        onBytes: onProgress,
        signal,
      });
      return;
    } catch (error) {
      // 412: somebody wrote in between. 409: two conditional writes collided. 404: the object to replace was deleted.
      const raced =
        [404, 409, 412].includes(s3Status(error) ?? 0) && !(error instanceof Error && error.name === 'NoSuchBucket');
      if (!raced || round === MAX_ROUNDS) throw error;
    }
  }
}

/** Reads everything that was stored and compares it: size, metadata and hash. Memory stays flat. */
async function readBack({
  client,
  at,
  file,
  request,
}: FileParams): Promise<{ revision: string | null; sha256: string }> {
  const { signal, onProgress } = request;
  const answer = await client.send(new GetObjectCommand(at), { abortSignal: signal });
  const body = answer.Body as Readable;
  const stop = () => body.destroy(new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      onProgress?.(chunk.length);
    }
    const sha256 = hash.digest('hex');
    if (sizeBytes !== file.sizeBytes || sha256 !== file.sha256 || answer.Metadata?.['sha256'] !== file.sha256) {
      throw new TemperaError(
        'PUBLISH_FAILED',
        `s3://${at.Bucket}/${at.Key} does not read back as it was written (${sizeBytes} of ${file.sizeBytes} bytes)`,
        {
          retryable: true,
        },
      );
    }
    return { revision: answer.VersionId ?? null, sha256 };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function look(
  client: S3Client,
  at: FileParams['at'],
  signal: AbortSignal,
): Promise<HeadObjectCommandOutput | null> {
  return await client.send(new HeadObjectCommand(at), { abortSignal: signal }).catch((error: unknown) => {
    if (isNotFound(error)) return null;
    throw error;
  });
}

function isSameFile(there: HeadObjectCommandOutput, file: ArtifactFile): boolean {
  return there.Metadata?.['sha256'] === file.sha256 && there.ContentLength === file.sizeBytes;
}

/**
 * A LoRA of the same training, or of the same character of the same user, is replaced by the new one; the old one stays
 * in our own object store. Character ids are chosen by users: two users may have the same one.
 */
function mayReplace({ Metadata: there = {} }: HeadObjectCommandOutput, subject: PublicationSubject): boolean {
  const isOfCharacter =
    subject.characterId !== null &&
    there['tempera-character'] === ascii(subject.characterId) &&
    there['tempera-user'] === subject.userId;
  return there['tempera-training'] === subject.trainingId || isOfCharacter;
}

function metadataOf(subject: PublicationSubject, file: ArtifactFile): Record<string, string> {
  return {
    sha256: file.sha256,
    'tempera-training': subject.trainingId,
    'tempera-user': subject.userId,
    ...(subject.characterId !== null && { 'tempera-character': ascii(subject.characterId) }),
    'tempera-trigger-word': ascii(subject.triggerWord),
    'tempera-base-model': ascii(subject.baseModel),
    'tempera-step': String(subject.steps),
  };
}

/** Metadata travels in HTTP headers, so it is percent-encoded to support any alphabet. */
function ascii(text: string): string {
  return encodeURIComponent(text);
}
