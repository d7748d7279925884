/** Describes a picture in words. */
export interface Captioner {
  /** Model and instructions; part of a caption's identity. */
  readonly name: string;
  /** `jpeg`: upright, long side at most 1,024 px. Never throws because of the service; throws only when aborted. */
  describe(picture: { readonly jpeg: Uint8Array; readonly signal?: AbortSignal }): Promise<Description>;
}

export type Description =
  | { readonly status: 'described'; readonly text: string }
  /** `message`: why there is no description, without secrets; the template is used instead, and the report says so. */
  | { readonly status: 'failed'; readonly message: string };
