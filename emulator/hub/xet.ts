import { randomBytes } from 'node:crypto';
import { sendJson } from '../core/http.ts';
import { hubFailure } from './failures.ts';
import type { HubRequest, RepoRequest } from './request.ts';

const TOKEN_SECONDS = 900;

/**
 * GET …/xet-write-token/{rev} and …/xet-read-token/{rev}. A client that creates a pull request knows no revision yet
 * and sends "None".
 */
export function xetToken({ world, call }: RepoRequest): void {
  const casUrl = `${call.worldUrl}/hub/xet`;
  const exp = Math.floor(world.clock.now() / 1_000) + TOKEN_SECONDS;
  const accessToken = `xet_${randomBytes(16).toString('hex')}`;
  sendJson(
    call.res,
    200,
    { casUrl, exp, accessToken },
    { 'x-xet-cas-url': casUrl, 'x-xet-token-expiration': String(exp), 'x-xet-access-token': accessToken },
  );
}

/** The storage behind the token is not emulated: clients upload by LFS (`HF_HUB_DISABLE_XET=1` in Python). */
export function xetStorage(_: HubRequest): void {
  throw hubFailure(404, 'The emulator has no Xet storage; upload by LFS (HF_HUB_DISABLE_XET=1)');
}
