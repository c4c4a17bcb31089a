/** Which proxy the connections of a client go through: one that is named, or that of the environment. */
import { OptionsError } from '@fwk/kernel';
import { type Environment, proxyOfEnvironment } from './proxy-environment.js';

/**
 * The proxy of a client: `environment` for what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, the URL of one, or
 * false for none.
 */
export type ClientProxy = 'environment' | string | false;

/** A proxy. */
export interface ProxyServer {
  readonly host: string;
  readonly port: number;
  /** Whether it is spoken to over TLS. */
  readonly secure: boolean;
  /** Value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
  /** Its URL without user and password, for messages. */
  readonly shown: string;
}

/** Answers the proxy on the way to an endpoint; undefined for none. @param url - base URL of the endpoint */
export type ProxyChoice = (url: string) => ProxyServer | undefined;

/**
 * What an option comes to. The environment is read once, as the process has it now.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, which shows no password
 */
export function proxyChoice(
  owner: string,
  proxy: ClientProxy | undefined,
  environment: Environment = process.env,
): ProxyChoice | undefined {
  if (proxy === undefined || proxy === false) return undefined;
  if (proxy === 'environment') return proxyOfEnvironment(environment, (name, url) => readProxy(owner, name, url));
  const named = readProxy(owner, 'proxy', proxy);
  return (url) => (/^https?:/.test(url) ? named : undefined);
}

/** @param name - of what says it, for messages */
function readProxy(owner: string, name: string, given: unknown): ProxyServer {
  const text = typeof given === 'string' && !given.includes('://') ? `http://${given}` : given;
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    // Its value is not shown: it may hold a password in whatever form.
    const other = name === 'proxy' ? ", 'environment' or false" : '';
    throw new OptionsError(owner, [`${name} must be the URL of a proxy, such as http://proxy.example:3128${other}`]);
  }
  const secure = url.protocol === 'https:';
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
    authorization: authorizationOf(owner, name, url),
    shown: url.origin,
  };
}

function authorizationOf(owner: string, name: string, { username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(plain).toString('base64')}`;
  } catch {
    throw new OptionsError(owner, [
      `${name} has a user or password with a "%" that is not percent-encoding: write it as %25`,
    ]);
  }
}
