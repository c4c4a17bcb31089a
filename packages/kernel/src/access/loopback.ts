/** True for a host that only this machine can reach: `localhost`, `::1`, `127.x.y.z`; names in any case. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The name in a `Host` header, without its port and without brackets; empty when there is none, or a malformed one. */
export function hostNameOf(header: string | undefined): string {
  const text = header ?? '';
  const name = text.startsWith('[') ? text.slice(0, text.indexOf(']') + 1) : text.slice(0, endOfName(text));
  const port = text.slice(name.length);
  if (port !== '' && !/^:\d{0,5}$/.test(port)) return '';
  return name.startsWith('[') ? name.slice(1, -1) : name;
}

function endOfName(text: string): number {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? text.length : colon;
}
