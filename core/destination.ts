/** Where a finished LoRA is published. Our own object store is not a destination: the artifact is always there. */

export interface S3Destination {
  readonly kind: 's3';
  /** Bucket; the configured publishing bucket when absent. */
  readonly bucket?: string | undefined;
  /** Object key; `lora/{characterId}.safetensors` when absent, `lora/{trainingId}.safetensors` without a character. */
  readonly key?: string | undefined;
}

export interface HuggingFaceDestination {
  readonly kind: 'huggingface';
  /** `owner/name`; created when it does not exist. */
  readonly repo: string;
  /** Private unless this is false. Used only when the repository is created; an existing one keeps its visibility. */
  readonly private?: boolean | undefined;
}

export type Destination = S3Destination | HuggingFaceDestination;
export type DestinationKind = Destination['kind'];

/** Every kind, for documents and schemas. */
export const DESTINATION_KINDS = ['s3', 'huggingface'] as const satisfies readonly DestinationKind[];

/** The founding documents' key for a LoRA in S3 (landscape S0-19). */
export function defaultPublishKey(subject: { characterId: string | null; trainingId: string }): string {
  return `lora/${subject.characterId ?? subject.trainingId}.safetensors`;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;
const REPO = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}\/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;
/** What else the Hub forbids (`validate_repo_id` of huggingface_hub at ee0a451, 2026-08-20). */
const NO_REPO = /--|\.\.|[.-]\/|[.-]$|\.git$/i;
/** First words of the Hub's addresses for other kinds of repositories: `datasets/x` would be the dataset `x`. */
const NO_OWNERS = new Set(['api', 'buckets', 'datasets', 'kernels', 'models', 'spaces']);

export function isBucketName(text: string): boolean {
  return BUCKET.test(text);
}

/** Lists what is wrong with a destination; empty when it is fine. */
export function destinationFaults(destination: Destination): string[] {
  const faults: string[] = [];
  switch (destination.kind) {
    case 's3':
      if (destination.bucket !== undefined && !isBucketName(destination.bucket))
        faults.push('bucket is not a valid S3 bucket name');
      if (
        destination.key !== undefined &&
        (!KEY.test(destination.key) || destination.key.length > 512 || destination.key.includes('..'))
      ) {
        faults.push('key must be a path of letters, digits, ".", "_" and "-", at most 512 characters');
      }
      return faults;
    case 'huggingface':
      if (!isRepo(destination.repo))
        faults.push('repo must be "owner/name" of a model repository, in letters, digits, ".", "_" and "-"');
      return faults;
  }
}

function isRepo(repo: string): boolean {
  return REPO.test(repo) && !NO_REPO.test(repo) && !NO_OWNERS.has(repo.slice(0, repo.indexOf('/')).toLowerCase());
}
