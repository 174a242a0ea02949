import dns from 'node:dns';
import net from 'node:net';
import { GripError } from '../errors.js';

/**
 * Address ranges that are of no public host: those of Pushpin's policy, and "this host", the shared ranges of providers
 * (RFC 6598), multicast and what is reserved.
 */
const internal = new net.BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  internal.addSubnet(address, prefix, 'ipv4');
  // As a translator between IPv6 and IPv4 writes it: RFC 6052.
  internal.addSubnet(`64:ff9b::${address}`, 96 + prefix, 'ipv6');
}
internal.addAddress('::', 'ipv6');
internal.addAddress('::1', 'ipv6');
internal.addSubnet('fc00::', 7, 'ipv6');
internal.addSubnet('fe80::', 10, 'ipv6');
internal.addSubnet('ff00::', 8, 'ipv6');

/** Whether `address` (an IP address in text) belongs to this machine or to a private network. */
export function isInternalAddress(address: string): boolean {
  const family = net.isIP(address);
  // An IPv4 address written as IPv6 (::ffff:a.b.c.d) matches the IPv4 rules.
  return family !== 0 && internal.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * A `lookup` for sockets that fails when a name resolves to an internal address. Checking what was resolved, and not
 * the name, leaves no gap for a name that resolves differently the second time.
 */
export const refuseInternalAddresses: net.LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '');
      return;
    }
    const bad = addresses.find(({ address }) => isInternalAddress(address));
    if (bad !== undefined) {
      callback(
        new GripError('GRIP_ERR_LINK_REFUSED', `${hostname} is the internal address ${bad.address}`),
        '',
      );
      return;
    }
    const first = addresses[0];
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? '', first?.family);
  });
};
