import type { ConsulAgentOptions } from './agent-options.js';

/** Where an agent is reached. */
export interface ConsulAddress {
  /** For people: `127.0.0.1:8500`, `unix:/run/consul.sock`. */
  readonly label: string;
  readonly secure: boolean;
  /** What paths of the API are added to, without a slash at its end. */
  readonly base: string;
  /** The socket to connect to, where the agent listens on one. */
  readonly socketPath: string | undefined;
  /** True when nothing that is sent leaves this machine. */
  readonly local: boolean;
}

const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/i;

/**
 * Reads the address of an agent: `http://`, `https://`, with a path where a proxy serves the API below one, or
 * `unix:///path/to/socket`.
 * @returns undefined when it is none of these.
 */
export function readAddress(url: unknown): ConsulAddress | undefined {
  if (typeof url !== 'string') return undefined;
  const socketPath = /^unix:\/\/(?<path>[^\0]+)$/.exec(url)?.groups?.path;
  if (socketPath !== undefined) {
    return { label: `unix:${socketPath}`, secure: false, base: 'http://localhost', socketPath, local: true };
  }
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, hostname, pathname, search, hash, username, origin } = new URL(url);
  if (!/^https?:$/.test(protocol) || search || hash || username || pathname.endsWith('/v1')) return undefined;
  const path = pathname.endsWith('/') ? pathname.slice(0, -1) : pathname;
  return {
    label: host + path,
    secure: protocol === 'https:',
    base: origin + path,
    socketPath: undefined,
    local: loopback.test(hostname),
  };
}

/** The address in options that were checked. */
export function consulAddressOf({ url }: Pick<ConsulAgentOptions, 'url'>): ConsulAddress {
  return readAddress(url) as ConsulAddress;
}
