type Maker = (draftFolder: string) => Promise<string>;

export function cacheFolder(env?: NodeJS.ProcessEnv): string;
export function cachedProgram(name: string, version: string): string;
/** Answers the cached program, making it when it is missing; makers are tried in turn. */
export function cachedOrMade(options: {
  readonly name: string;
  readonly version: string;
  readonly makers: readonly Maker[];
}): Promise<{ readonly path: string } | { readonly reasons: readonly string[] }>;
