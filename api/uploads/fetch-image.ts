/** Opens a caller's image URL without letting it reach into our own network. */
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { isPublicAddress, PrivateAddressError, publicLookup } from './address-guard.ts';

/** A URL that could not be fetched. The sentence contains no path and no query: those may be secret. */
export class FetchImageError extends Error {
  override readonly name = 'FetchImageError';
}

interface FetchOptions {
  readonly signal: AbortSignal;
  /** For tests: private and loopback addresses too. */
  readonly allowPrivate: boolean;
}

const MAX_REDIRECTS = 3;

/** The body of the first answer that is not a redirect; every hop is checked like the first. Throws FetchImageError. */
export async function openImageUrl(address: string, options: FetchOptions): Promise<IncomingMessage> {
  let url = parse(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const response = await open(url, options);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    response.destroy();
    const { location } = response.headers;
    if (status < 300 || status > 399 || location === undefined)
      throw new FetchImageError(`the host answered ${status}`);
    url = parse(location, url);
  }
  throw new FetchImageError(`more than ${MAX_REDIRECTS} redirects`);
}

function parse(address: string, base?: URL): URL {
  const url = URL.canParse(address, base?.href) ? new URL(address, base) : null;
  if (url === null) throw new FetchImageError('it is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new FetchImageError('only http and https are allowed');
  if (url.username !== '' || url.password !== '') throw new FetchImageError('URLs with a user name are not allowed');
  return url;
}

function open(url: URL, { signal, allowPrivate }: FetchOptions): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up, so it is checked here.
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host))
    throw new FetchImageError('the host is not on the public internet');
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      agent: false,
      signal,
      headers: { accept: 'image/*', 'user-agent': 'tempera', 'accept-encoding': 'identity' },
      ...(allowPrivate ? {} : { lookup: publicLookup }),
    });
    request.once('response', resolve);
    // An answer that switches protocols emits no response, and a socket may close without any other event.
    request.once('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      reject(new FetchImageError(`the host answered ${statusCode}`));
    });
    request.once('close', () => reject(new FetchImageError('the host closed the connection without an answer')));
    request.once('error', (error) => reject(new FetchImageError(reasonOf(error), { cause: error })));
    request.end();
  });
}

function reasonOf(error: Error): string {
  if (error instanceof PrivateAddressError) return error.message;
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'the host took too long';
  return 'the host could not be reached';
}
