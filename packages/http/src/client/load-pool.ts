import type { buildConnector, Pool } from 'undici';

type PoolConstructor = new (origin: string, options?: Pool.Options) => Pool;

let loading: Promise<PoolConstructor> | undefined;

/** undici's pool, imported when the first call is made. */
export function loadPool(): Promise<PoolConstructor> {
  loading ??= import('undici').then(({ Pool }) => Pool);
  return loading;
}

let upgrade: Promise<buildConnector.connector> | undefined;

/** undici's way to put TLS over a connection, imported for the first `https:` endpoint. Its own limit of time is off. */
export function loadUpgrade(): Promise<buildConnector.connector> {
  upgrade ??= import('undici').then(({ buildConnector }) => buildConnector({ timeout: 0 }));
  return upgrade;
}
