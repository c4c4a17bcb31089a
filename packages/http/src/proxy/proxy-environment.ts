/**
 * The variables by which programs are told of proxies, read as curl and Go read them: `HTTPS_PROXY` and `HTTP_PROXY` by the scheme of
 * the endpoint, then `ALL_PROXY`, each in lower case first; `NO_PROXY` for whom none is used. This machine is never reached through
 * one. `HTTP_PROXY` in capitals counts for nothing in a CGI program (`REQUEST_METHOD`), where its value is a header of the request.
 */
import { isIPv6 } from 'node:net';
import { isLoopback, parseNetwork } from '@fwk/kernel';
import type { ProxyChoice, ProxyServer } from './client-proxy.js';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Tells whether an endpoint is reached without a proxy. */
type Exception = (host: string, port: number) => boolean;

/**
 * See the head of this file.
 * @param read - makes a proxy of the value of a variable
 * @returns undefined where no variable names a proxy
 */
export function proxyOfEnvironment(
  environment: Environment,
  read: (name: string, url: string) => ProxyServer,
): ProxyChoice | undefined {
  const named = (...names: readonly string[]): ProxyServer | undefined => {
    const name = names.find((each) => environment[each]);
    return name === undefined ? undefined : read(name, environment[name] as string);
  };
  const plain = environment.REQUEST_METHOD === undefined ? ['http_proxy', 'HTTP_PROXY'] : ['http_proxy'];
  const ofHttp = named(...plain, 'all_proxy', 'ALL_PROXY');
  const ofHttps = named('https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY');
  if (!ofHttp && !ofHttps) return undefined;
  const exceptions = (environment.no_proxy || environment.NO_PROXY || '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(exceptionOf);
  return (url) => {
    if (!/^https?:/.test(url)) return undefined;
    const { protocol, hostname, port } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    if (isLoopback(host)) return undefined;
    const secure = protocol === 'https:';
    const reached = port === '' ? (secure ? 443 : 80) : Number(port);
    if (exceptions.some((excepts) => excepts(host, reached))) return undefined;
    return secure ? ofHttps : ofHttp;
  };
}

/**
 * - `*` for all;
 * - a name for itself and all names below it, whether with a dot or `*.` in front;
 * - an address or a network (`10.0.0.0/8`) for addresses, and never for names, which only the proxy looks up;
 * - each with a port for that port alone.
 */
function exceptionOf(entry: string): Exception {
  if (entry === '*') return () => true;
  const [, bracketed, plain, ownPort] =
    /^(?:\[([^\]]*)\]|([^:]*|[^[\]]*:[^[\]]*:[^[\]]*?))(?::(\d{1,5}))?$/.exec(entry) ?? [];
  const text = (bracketed ?? plain ?? '').toLowerCase();
  const at = (port: number) => ownPort === undefined || Number(ownPort) === port;
  const inNetwork = networkOf(text);
  if (inNetwork) return (host, port) => at(port) && inNetwork(host);
  const name = text.replace(/^\*?\./, '');
  if (name === '') return () => false;
  return (host, port) => at(port) && (host === name || host.endsWith(`.${name}`));
}

function networkOf(text: string): ((host: string) => boolean) | undefined {
  const network = parseNetwork(text);
  if (!network) return undefined;
  const wanted = bitsOf(network.address)?.slice(0, network.bits);
  return (host) => {
    const bits = parseNetwork(host)?.family === network.family ? bitsOf(host) : undefined;
    return bits?.startsWith(wanted ?? '-') === true;
  };
}

/** An address as a text of its bits. */
function bitsOf(address: string): string | undefined {
  if (!isIPv6(address)) {
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  }
  // The URL parser writes an address in one form, without dots.
  const whole = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [left = '', right] = whole.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(left), groups(right ?? '')];
  const filled =
    right === undefined ? first : [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return filled.map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('');
}
