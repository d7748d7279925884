import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';
import type { Repo } from './state.ts';

/**
 * What a handler of the Hub gets; `args` are the decoded segments of the path, of a repository's routes those after its
 * name.
 */
export interface HubRequest {
  world: World;
  call: Call;
  /** Who sent the token; undefined without one. */
  user: string | undefined;
  args: string[];
}

export interface RepoRequest extends HubRequest {
  repo: Repo;
}
