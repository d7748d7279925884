/** What answers at one path of a vendor. */
export interface Route<Handler> {
  /** How the account book counts it. */
  readonly name: string;
  /** A regular expression for the whole raw path, in which `{word}` stands for one segment. */
  readonly path: string;
  readonly methods: Readonly<Record<string, Handler>>;
}

export type Match<Handler> =
  | {
      readonly status: 'found';
      readonly name: string;
      readonly handler: Handler;
      /** What the segments and groups of the path were, as sent. */
      readonly args: readonly string[];
    }
  | { readonly status: 'wrong method'; readonly name: string; readonly allowed: readonly string[] }
  | { readonly status: 'unknown path' };

/** Finds what answers a method and a raw path: the first route that knows both. */
export type Router<Handler> = (method: string, path: string) => Match<Handler>;

export function createRouter<Handler>(routes: readonly Route<Handler>[]): Router<Handler> {
  const compiled = routes.map((route) => ({ ...route, pattern: patternOf(route.path) }));
  return (method, path) => {
    const fitting = compiled.filter(({ pattern }) => pattern.test(path));
    for (const { name, methods, pattern } of fitting) {
      const handler = methods[method];
      if (handler === undefined) continue;
      const [, ...args] = pattern.exec(path) ?? [];
      return { status: 'found', name, handler, args: args.map((arg: string | undefined) => arg ?? '') };
    }
    const [first] = fitting;
    if (first === undefined) return { status: 'unknown path' };
    return { status: 'wrong method', name: first.name, allowed: Object.keys(first.methods) };
  };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[a-zA-Z]+\}/g, '([^/]+)')}$`);
}

/** A segment with its percent-encoding resolved, or as it was sent when that is invalid. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
