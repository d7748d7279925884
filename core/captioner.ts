/** Describes a picture in words. */
export interface Captioner {
  /** Model and instructions; part of a caption's identity. */
  readonly name: string;
  /** `jpeg`: upright, long side at most 1,024 px. Never throws for what the service does; throws only when aborted. */
  describe(picture: { readonly jpeg: Uint8Array; readonly signal?: AbortSignal }): Promise<Description>;
}

export type Description =
  | { readonly status: 'described'; readonly text: string }
  /** `message`: why there is none, without secrets; the template takes its place and the report says so. */
  | { readonly status: 'failed'; readonly message: string };
