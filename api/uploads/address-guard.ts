/** Which addresses the API may connect to on behalf of a caller: public ones only. */
import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** IANA's special-purpose registries (iana.org/assignments/iana-ipv4-special-registry and -ipv6-, read 2026-11). */
const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Everything outside global unicast, and the ranges inside it that wrap an IPv4 address or lead nowhere. */
const PRIVATE_V6: readonly (readonly [string, number])[] = [
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/** One list per family: Node compares an IPv4 address with IPv6 ranges too, as ::ffff:a.b.c.d. */
const blocked = { ipv4: new BlockList(), ipv6: new BlockList() };
for (const [network, bits] of PRIVATE_V4) blocked.ipv4.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of PRIVATE_V6) blocked.ipv6.addSubnet(network, bits, 'ipv6');

/** True for an address that anybody on the internet can reach. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return !blocked[family].check(address, family);
}

/** Thrown for a host that resolves to an address that is not public. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

/**
 * Resolves like Node does, but fails when any address of the host is not public. The socket connects to the same
 * address that was checked, so a name that resolves differently in between gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const first = addresses[0];
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(new PrivateAddressError('the host is not on the public internet'), '', 0);
    }
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};
