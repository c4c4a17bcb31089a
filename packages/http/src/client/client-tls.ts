/**
 * TLS of a client: whom it trusts, what it shows of itself, and which name a callee's certificate must bear. Who gives `tls`
 * never calls in clear, whatever an instance says of itself.
 */
import type { Health } from '@fwk/core';
import {
  checkTlsSources,
  type Env,
  type FollowedTls,
  followTls,
  isServerName,
  maskText,
  OptionsError,
  type TlsSources,
} from '@fwk/kernel';
import type { buildConnector } from 'undici';
import type { ConnectionTls } from '../calling/connection-parts.js';

/** TLS of a client. Authorities, certificate and key are PEM or files, which are read again when they change. */
export interface ClientTls extends TlsSources {
  /**
   * The name that the callees' certificates must bear. @defaultValue the host of each URL in `endpoints`; for instances that
   * are discovered the name of the service, since a registry is not trusted to say whom we mean
   */
  readonly serverName?: string | undefined;
}

/**
 * Checks the options and reads the files.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, TlsInvalidError `FWK_KERNEL_TLS_INVALID`
 */
export function connectionTls(
  owner: string,
  service: string,
  tls: ClientTls | undefined,
  endpoints: readonly string[] | undefined,
  env: Env,
): ConnectionTls {
  const discovered = endpoints ? undefined : service;
  if (tls === undefined) return { demanded: false, serverName: discovered, followed: undefined };
  checkTlsSources(owner, tls, ['serverName']);
  const { serverName = discovered, ...sources } = tls;
  const problems: string[] = [];
  if (serverName !== undefined && !isServerName(serverName)) {
    const source = tls.serverName === undefined ? `, as the service's name "${service}" is none` : '';
    problems.push(`tls.serverName must be a host name${source}`);
  }
  const plain = endpoints?.filter((url) => !/^(?:https|mux):/i.test(url)) ?? [];
  if (plain.length > 0)
    problems.push(`tls needs https: or mux: endpoints, not ${plain.map((url) => maskText(url)).join(', ')}`);
  if (problems.length > 0) throw new OptionsError(owner, problems);
  return { demanded: true, serverName, followed: followTls(owner, sources, env) };
}

/** Puts TLS over connections with what the files hold now. Sessions are taken up again only while they hold the same. */
export function tlsUpgrade(
  build: typeof buildConnector,
  { serverName, followed }: ConnectionTls,
): buildConnector.connector {
  const make = () =>
    build({
      // Its own limit of time is off; ours holds.
      timeout: 0,
      allowH2: false,
      ...(followed && { secureContext: followed.material.value.secureContext }),
      ...(serverName !== undefined && { servername: serverName }),
    });
  let material = followed?.material.value;
  let connect = make();
  return (options, callback) => {
    if (material !== followed?.material.value) {
      material = followed?.material.value;
      connect = make();
    }
    connect(options, callback);
  };
}

const counts = new WeakMap<object, Map<string, number>>();

/** Lets health say what becomes of the files; a second client of one name has a number. */
export function showTlsHealth(
  health: Pick<Health, 'add'> | undefined,
  owner: string,
  followed: FollowedTls,
): Disposable[] {
  if (!health) return [];
  const known = counts.get(health) ?? new Map<string, number>();
  counts.set(health, known);
  const count = (known.get(owner) ?? 0) + 1;
  known.set(owner, count);
  const name = count === 1 ? `tls of ${owner}` : `tls of ${owner} (${count})`;
  return [health.add({ name, check: () => followed.health() })];
}
