import { setTimeout as wait } from 'node:timers/promises';
import { sendText } from './http.ts';
import type { Fault } from './faults.ts';
import type { Call } from './http.ts';

/** How a service phrases a refusal with a status. */
export type Refuse = (call: Call, status: number, fault: Fault) => void;

const statuses: Record<string, number> = {
  unauthorized: 401,
  'no-balance': 402,
  forbidden: 403,
  invalid: 422,
  'rate-limited': 429,
  'server-error': 500,
};

/** Applies an effect that needs no knowledge of the service; true = the request has been handled. */
export async function applyHttpFault(call: Call, fault: Fault | undefined, refuse: Refuse): Promise<boolean> {
  if (fault === undefined) return false;
  const status = fault.effect === 'status' ? (fault.status ?? 500) : statuses[fault.effect];
  if (status !== undefined) {
    call.body.resume();
    refuse(call, fault.status ?? status, fault);
    return true;
  }
  switch (fault.effect) {
    case 'reset':
      call.res.destroy();
      return true;
    case 'hang':
      // Never answers; ends when the client gives up or the emulator closes.
      call.body.resume();
      return true;
    case 'delay':
      await wait(fault.ms ?? 1000);
      return false;
    case 'unreadable':
      call.body.resume();
      sendText(call.res, 200, '{"pods":[{"id":"tr', { 'content-type': 'application/json' });
      return true;
    case 'edge-1010':
      if (call.headers['user-agent'] && !/^(node|undici|python|curl)/i.test(call.headers['user-agent'])) return false;
      call.body.resume();
      sendText(call.res, 403, 'error code: 1010', { 'content-type': 'text/plain' });
      return true;
    default:
      return false;
  }
}
