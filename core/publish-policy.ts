/** Where users of an installation may publish: said at the request, and again before anything is sent. */
import type { Destination } from './destination.ts';

export interface PublishPolicy {
  /** Buckets that may be published to, the one of destinations that name none first. Empty: no publishing to S3. */
  readonly buckets: readonly string[];
  /**
   * Places on the Hugging Face Hub: `owner`, or `owner/prefix` for repositories whose name begins so. `{user}` stands for the
   * id of the user who publishes. Empty: no publishing to the Hub.
   */
  readonly namespaces: readonly string[];
}

export const NO_PUBLISHING: PublishPolicy = { buckets: [], namespaces: [] };

/** `owner` or `owner/prefix`, of what the Hub allows in names and `{user}`. */
const NAMESPACE = /^(?:[A-Za-z0-9.-]|\{user\})+(?:\/(?:[A-Za-z0-9._-]|\{user\})+)?$/;

/** Whether a text of the configuration can be a place on the Hub. */
export function isNamespace(text: string): boolean {
  return NAMESPACE.test(text);
}

/**
 * Why this user may not publish there, in a sentence for that user; null when it is allowed. It says the same of places that
 * do not exist and of places that are somebody else's.
 */
export function publishRefusal(policy: PublishPolicy, userId: string, destination: Destination): string | null {
  switch (destination.kind) {
    case 's3': {
      if (policy.buckets.length === 0) return 'this installation does not publish to S3';
      const { bucket } = destination;
      if (bucket === undefined || policy.buckets.includes(bucket)) return null;
      return `bucket must be one that may be published to: ${policy.buckets.join(', ')}`;
    }
    case 'huggingface': {
      const places = policy.namespaces.map((place) => placeOf(place, userId));
      if (places.length === 0) return 'this installation does not publish to the Hugging Face Hub';
      // Case counts, although the Hub takes "Ada" and "ada" for one: what the operator has not written is not allowed.
      if (places.some((place) => destination.repo.startsWith(place) && destination.repo !== place)) return null;
      return `repo must begin with ${places.join(' or ')}`;
    }
  }
}

/** What the names of allowed repositories begin with, for one user. */
function placeOf(namespace: string, userId: string): string {
  const place = namespace.replaceAll('{user}', userId);
  return place.includes('/') ? place : `${place}/`;
}
