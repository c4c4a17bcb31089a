import { type Env, makeEnv } from '@fwk/kernel';
import { RegistryPortTakenError } from '../../errors.js';
import type { Catalog } from '../catalog.js';
import { checkLocalOptions, type LocalRegistryOptions } from './local-options.js';
import { openRegistry } from './registry-server.js';
import { Snapshot } from './snapshot.js';

/** A registry that this process serves whatever else it does. */
export interface RegistryHost extends AsyncDisposable {
  /** Where it listens, as `localRegistry` is told it. */
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Frees the port; whoever uses the registry keeps its lists and may take over. */
  close(): Promise<void>;
}

/**
 * Mounts the embedded registry in this process, for others to use by `localRegistry({ host, port, serve: false })`. A
 * program that only wants to be found needs none of it: `localRegistry()` joins whoever serves, or serves itself.
 * @param options - as of `localRegistry`; port 0 takes any free one.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`; RegistryPortTakenError.
 */
export async function serveRegistry(
  options?: Partial<Omit<LocalRegistryOptions, 'serve' | 'requestTimeoutMs' | 'maxPauseMs'>>,
  env?: Partial<Env>,
): Promise<RegistryHost> {
  const checked = checkLocalOptions(options, process.env, 0);
  const { randomUUID } = await import('node:crypto');
  const made = makeEnv(env);
  const snapshot = new Snapshot(checked, made);
  const changed = (catalog: Catalog) => snapshot.changed(catalog);
  const server = await openRegistry(randomUUID(), () => snapshot.read(), checked, made, changed);
  if (!server) throw new RegistryPortTakenError(`${checked.host}:${checked.port}`);
  const { host } = checked;
  const close = async () => {
    await server.close();
    await snapshot.close();
  };
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`;
  return { host, port: server.port, url, close, [Symbol.asyncDispose]: close };
}
