import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';
import type { World } from '../world.ts';

/** What a handler of RunPod's API gets. */
export interface RunpodRequest {
  world: World;
  call: Call;
  /** The decoded segment of the path, or empty. */
  id: string;
  /** Parsed JSON of a POST or PATCH. */
  body: unknown;
  /** What strikes this request and is left to the handler. */
  fault: Fault | undefined;
  /** Go with every answer. */
  headers: Record<string, string>;
}
