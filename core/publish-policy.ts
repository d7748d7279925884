/** Where users of an installation may publish: checked at the request, and again before anything is sent. */
import type { Destination } from './destination.ts';

export interface PublishPolicy {
  /**
   * Buckets that may be published to; the first is the default for destinations that name none. Empty: no publishing to
   * S3.
   */
  readonly buckets: readonly string[];
  /**
   * Namespaces on the Hugging Face Hub: `owner`, or `owner/prefix` for repositories whose names begin with it. `{user}`
   * stands for the id of the user who publishes. Empty: no publishing to the Hub.
   */
  readonly namespaces: readonly string[];
}

export const NO_PUBLISHING: PublishPolicy = { buckets: [], namespaces: [] };

/** `owner` or `owner/prefix`, in the characters that the Hub allows, plus `{user}`. */
const NAMESPACE = /^(?:[A-Za-z0-9.-]|\{user\})+(?:\/(?:[A-Za-z0-9._-]|\{user\})+)?$/;

/** Whether a text from the configuration is a valid Hub namespace. */
export function isNamespace(text: string): boolean {
  return NAMESPACE.test(text);
}

/**
 * Why this user may not publish there, in a sentence for that user; null when it is allowed. The answer is the same for
 * places that do not exist and for places that belong to somebody else.
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
      // Case matters here, although the Hub treats "Ada" and "ada" as one: only what the operator wrote is allowed.
      if (places.some((place) => destination.repo.startsWith(place) && destination.repo !== place)) return null;
      return `repo must begin with ${places.join(' or ')}`;
    }
  }
}

/** The prefix of the repositories that one user may publish to. */
function placeOf(namespace: string, userId: string): string {
  const place = namespace.replaceAll('{user}', userId);
  return place.includes('/') ? place : `${place}/`;
}
