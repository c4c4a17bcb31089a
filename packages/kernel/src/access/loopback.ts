/** True for a host that only this machine can reach: `localhost`, `::1`, `127.x.y.z`; names in any case. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The name in a `Host` header, without its port and without brackets; empty when there is none. */
export function hostNameOf(header: string | undefined): string {
  return (header ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
