/** Prefixes of addresses that cannot be reached from outside their own network (RFC 1918, 3927, 4193, 6890). */
const PRIVATE_ADDRESS =
  /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|0\.0\.0\.0$|\[::1?\]$|\[::ffff:|\[f[cd]|\[fe[89ab])/;
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|lan|home|test|invalid)$/;

/** Whether an http(s) address belongs to this machine or its private network, so that nobody outside can reach it. */
export function isPrivateUrl(url: string): boolean {
  const { hostname } = new URL(url);
  if (PRIVATE_ADDRESS.test(hostname)) return true;
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  // A name without a dot is another container on the same network.
  return !isAddress && (!hostname.includes('.') || PRIVATE_NAME.test(hostname));
}
