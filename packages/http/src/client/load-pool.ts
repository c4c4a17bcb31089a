import type { buildConnector, Pool } from 'undici';

type PoolConstructor = new (origin: string, options?: Pool.Options) => Pool;

let loading: Promise<PoolConstructor> | undefined;

/**
 * undici's pool, imported when the first call is made. Its own file is tried first: the package's main file also loads
 * fetch, WebSocket and caches, four times as much. Where a later undici keeps the pool elsewhere, the main file is used.
 */
export function loadPool(): Promise<PoolConstructor> {
  loading ??= load();
  return loading;
}

async function load(): Promise<PoolConstructor> {
  // A variable, because the file has no types of its own.
  const file: string = 'undici/lib/dispatcher/pool.js';
  try {
    const found: unknown = (await import(file)).default;
    if (isPool(found)) return found;
  } catch {
    // Said by the next line, if that fails too.
  }
  return (await import('undici')).Pool;
}

function isPool(value: unknown): value is PoolConstructor {
  return typeof value === 'function' && typeof value.prototype?.dispatch === 'function';
}

let upgrade: Promise<buildConnector.connector> | undefined;

/** undici's way to put TLS over a connection, imported for the first `https:` endpoint. Its own limit of time is off. */
export function loadUpgrade(): Promise<buildConnector.connector> {
  upgrade ??= import('undici').then(({ buildConnector }) => buildConnector({ timeout: 0 }));
  return upgrade;
}
