import type { Wire } from '@fwk/discovery';
import type { Env } from '@fwk/kernel';
import type { ClientOptions } from '../client/client-options.js';
import { createClient } from '../client/create-client.js';
import type { AnyContract, Client, Handlers } from '../contract/contract-types.js';
import { localGroup } from '../local/local-group.js';
import type { HttpServer } from '../server/http-server.js';
import { createServer } from '../server/server.js';
import type { ServerSettings } from '../server/server-options.js';
import { served } from '../serving/served.js';

/** Options of {@link serveContract}. */
export interface ServeContractOptions<C> {
  readonly server?: Partial<ServerSettings>;
  readonly client?: Partial<Omit<ClientOptions<C>, 'endpoints'>>;
  /** The wire that the client takes. @defaultValue 'http' */
  readonly wire?: Wire;
  /** @defaultValue the process's own, nothing recorded */
  readonly env?: Partial<Env>;
}

/** A contract that is served in this process, and called. */
export interface ServedContract<C> extends AsyncDisposable {
  readonly url: string;
  readonly server: HttpServer;
  /** Calls the server over a real socket, or without one where the wire is `local`. */
  readonly client: Client<C>;
}

/**
 * Serves a contract in this process on any free port, with a client of it: for tests of handlers as their callers meet
 * them, and as a stand-in for a service that the code under test calls. Dispose it with `await using`.
 * @example await using shop = await serveContract(inventory, new InventoryService());
 */
export async function serveContract<C extends AnyContract>(
  contract: C,
  handlers: Handlers<C>,
  options: ServeContractOptions<C> = {},
): Promise<ServedContract<C>> {
  const { env } = options;
  const server = createServer({ ...options.server, serve: [served(contract, handlers)], env });
  await server.start();
  const { url } = server;
  const group = localGroup();
  if (options.wire === 'local') group.add(server);
  const reached = options.wire === 'local' ? { group } : { endpoints: [url] };
  const wire = options.wire && { wire: options.wire };
  const client = createClient<C>(contract, { ...wire, ...options.client, ...reached, env } as Parameters<
    typeof createClient<C>
  >[1]);
  return {
    url,
    server,
    client,
    async [Symbol.asyncDispose]() {
      await server.close();
      await client[Symbol.asyncDispose]();
    },
  };
}
