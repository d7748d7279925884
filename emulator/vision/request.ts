import type { Fault } from '../core/faults.ts';
import type { Call } from '../core/http.ts';

/** What a handler of the vision service gets; the service keeps no state. */
export interface VisionRequest {
  call: Call;
  /** What strikes this request and is left to the handler. */
  fault: Fault | undefined;
}
