/**
 * A registry that is a list in the program or its configuration: for peers that no registry knows. It reads only: what
 * registers with it is known to nobody, so that an application can run unchanged on fixed addresses.
 */
import { background, type Live, liveValue, maskText, OptionsError } from '@fwk/kernel';
import { InstanceInvalidError } from '../errors.js';
import { type Instance, parseInstance } from '../instance.js';
import { isMountPath, mountsMetadata } from '../mounts.js';
import type { Registry, RegistryConnection } from '../registry.js';
import { Catalog } from './catalog.js';
import { unlistedRegistration } from './unlisted-registration.js';
import { WatchBoard } from './watch-board.js';

/**
 * Base URLs by service: `{ inventory: ['http://10.0.0.4:8080'] }`, with a path where its contracts are below one
 * (`http://10.0.0.4:8080/api`); `mux://10.0.0.4:8080` for a server that speaks only Mux.
 */
export type StaticAddresses = Readonly<Record<string, readonly string[]>>;

/**
 * Makes a registry of fixed addresses.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID` when an entry is not an http(s) or mux base URL, or a service
 * has no name that instances can have.
 */
export function staticRegistry(addresses: StaticAddresses): Registry {
  if (typeof addresses !== 'object' || addresses === null) {
    throw new OptionsError('staticRegistry', ['lists of base URLs by service are needed']);
  }
  const catalog = new Catalog();
  for (const [service, urls] of Object.entries(addresses)) {
    if (!Array.isArray(urls)) throw new OptionsError(`addresses of "${service}"`, ['must be a list of base URLs']);
    for (const url of urls) catalog.put({ instance: instanceAt(service, url), holder: 'static' });
  }
  const board = new WatchBoard(catalog, true);
  const connection: Live<RegistryConnection> = liveValue<RegistryConnection>({ state: 'connected', sinceMs: 0 });
  const registry: Registry = {
    name: 'static',
    connection,
    register: async (instance, context = background) => unlistedRegistration(instance, context),
    watch: (service) => board.watch(service),
    services: () => board.services(),
    // Holds nothing that closes, so every application may use the same one.
    connect: () => registry,
    close: async () => {},
  };
  return registry;
}

/**
 * The instance that a base URL stands for. Its id is made of service, address and path, so the same URL is always the same one.
 * @throws OptionsError
 */
export function instanceAt(service: string, url: string): Instance {
  const onlyMux = isMuxUrl(url);
  // Parsed as an http: URL, so that the host gets the same form whatever the scheme.
  const read = onlyMux ? url.replace(/^mux:/i, 'http:') : url;
  const parsed = URL.canParse(read) ? new URL(read) : undefined;
  const plain = parsed && !parsed.search && !parsed.hash && !(parsed.username || parsed.password);
  if (!plain || (onlyMux && parsed.pathname !== '/') || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new OptionsError(`addresses of "${service}"`, [`${shown(url)} must be like http://host:port`]);
  }
  if (onlyMux && !/:\d+\/?$/.test(url)) {
    throw new OptionsError(`addresses of "${service}"`, [`${shown(url)} must name a port, like mux://host:port`]);
  }
  const path = parsed.pathname.replace(/\/$/, '');
  if (path !== '' && !isMountPath(path)) {
    throw new OptionsError(`addresses of "${service}"`, [
      `the path of ${shown(url)} must be made of segments of letters, digits and . _ ~ -`,
    ]);
  }
  const secure = parsed.protocol === 'https:';
  const address = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port);
  const metadata = {
    ...(secure && { scheme: 'https' }),
    ...(onlyMux && { wires: 'mux' }),
    ...(path !== '' && mountsMetadata(new Map([['*', path]]))),
  };
  try {
    return parseInstance({
      // An id has no slashes and no tildes, and the path of a URL has neither of what stands for them.
      id: `${service}@${address}:${port}${path.replaceAll('/', ':').replaceAll('~', '@')}`,
      service,
      version: '0.0.0',
      address,
      port,
      ...(Object.keys(metadata).length > 0 && { metadata }),
      startedAtMs: 0,
      status: 'UP',
    });
  } catch (error) {
    if (!(error instanceof InstanceInvalidError)) throw error;
    throw new OptionsError(
      `addresses of "${service}"`,
      error.problems.map((problem) => `${shown(url)}: ${problem}`),
    );
  }
}

/** Whether an address is that of a server that speaks only Mux: `mux://10.0.0.4:8080`. */
function isMuxUrl(url: unknown): url is string {
  return typeof url === 'string' && /^mux:\/\//i.test(url);
}

/** A URL may have a password in it; what is given may be none. */
function shown(url: unknown): string {
  return typeof url === 'string' ? JSON.stringify(maskText(url)) : String(url);
}
