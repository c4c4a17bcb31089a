/**
 * The server as a component of an application: it serves decorated classes that the container builds, tells the others
 * where it listens, and stops in the application's own order. Probes are answered as soon as it listens, which is before
 * the application is ready; readiness says so.
 */
import { drainToken, healthToken, metricsToken } from '@fwk/core';
import { type Class, type Component, checkOptions, detached, type HealthReport } from '@fwk/kernel';
import { announcedAddress } from './announced-address.js';
import { contractServedBy, type Served, served } from './served.js';
import { createServer, type HttpServer } from './server.js';
import { type ServerSettings, serverDefaults, serverRules } from './server-options.js';

/** Options of {@link http}. */
export interface HttpOptions extends ServerSettings {
  /** Classes decorated with `@Serves`; the container builds them. @defaultValue none: only probes */
  readonly serve: readonly Class<unknown>[];
}

/**
 * Makes the component.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, NotServedError `FWK_HTTP_NOT_SERVED` for an undecorated class
 * @example createApp({ ..., use: [discovery(), http({ serve: [InventoryService], port: 8080 })] });
 */
export function http(options: Partial<HttpOptions> = {}): Component {
  const { serve, ...settings } = checkOptions<HttpOptions>(
    'http',
    options,
    { ...serverDefaults, serve: [] },
    { ...serverRules, serve: (value) => (Array.isArray(value) ? undefined : 'a list of classes') },
  );
  const contracts = serve.map((target) => ({ target, contract: contractServedBy(target) }));
  let server: HttpServer | undefined;
  return {
    name: 'http',
    async start(context) {
      const { env, call } = context;
      const drain = context.get(drainToken);
      const all: Served[] = contracts.map(({ target, contract }) => served(contract, context.get(target) as never));
      server = createServer({
        ...settings,
        serve: all,
        env,
        drain,
        health: context.get(healthToken),
        exposition: context.get(metricsToken),
      });
      const listening = server;
      // Connections are no part of the step that opened the listener.
      await detached(() => listening.start(call));
      drain.onClose(() => listening.stopAccepting());
      const { url, port, contracts: names } = listening;
      context.announce({ address: announcedAddress(settings.host), port, contracts: names });
      env.logger.info({ url, contracts: names }, 'serving');
    },
    async stop() {
      await server?.close();
    },
    health: () => [{ name: 'http', check: () => healthOf(server) }],
  };
}

function healthOf(server: HttpServer | undefined): HealthReport {
  return server && server.port > 0 ? { status: 'UP', details: { url: server.url } } : { status: 'DOWN' };
}
