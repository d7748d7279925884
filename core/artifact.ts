/** The result of a training as our own object store holds it. */

export interface ArtifactFile {
  /** File name as the trainer gave it; Wan 2.2 writes two (high and low noise). */
  readonly name: string;
  /** Key in the object store. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

export interface Artifact {
  /** At least one file; the first is the one a plain download gives. */
  readonly files: readonly ArtifactFile[];
  /** Training step of the weights. */
  readonly step: number;
}
