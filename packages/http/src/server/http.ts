/**
 * The server as a component of an application: it serves decorated classes that the container builds and plain handlers, tells the others
 * where it listens, and stops in the application's own order. Probes are answered as soon as it listens, which is before
 * the application is ready; readiness says so. Each application that lists the component has a server of its own.
 */
import { clusterWorker, drainToken, healthToken, metricsToken, usageToken } from '@fwk/core';
import { appPlaceToken } from '@fwk/discovery';
import {
  anything,
  type Class,
  type Component,
  type ComponentContext,
  checkOptions,
  detached,
  type HealthReport,
  OptionsError,
} from '@fwk/kernel';
import { policyRegistryToken } from '@fwk/resilience';
import { localGroupToken } from '../local/local-group.js';
import { contractServedBy, isServed, optionsServedWith, type Served, served } from '../serving/served.js';
import { type AdvertiseOptions, checkAdvertise } from './advertise.js';
import { announce } from './announce.js';
import type { HttpServer } from './http-server.js';
import { createServer } from './server.js';
import { type ServerSettings, serverDefaults, serverRules } from './server-options.js';
import { checkSocketOptions } from './socket-options.js';

/** Options of {@link http}. */
export interface HttpOptions extends ServerSettings {
  /**
   * Classes decorated with `@Serves`, which the container builds, and what `served(contract, handlers)` made of plain
   * objects. @defaultValue none: only probes, and a warning in the log, which `[]` leaves out
   */
  readonly serve: readonly (Class<unknown> | Served)[];
  /** Where others reach the server, when that is not where it listens: NAT, mapped ports, several interfaces. */
  readonly advertise: AdvertiseOptions;
}

/**
 * Makes the component.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, NotServedError `FWK_HTTP_NOT_SERVED` for an undecorated class
 * @example createApp({ ..., use: [discovery(), http({ serve: [InventoryService], port: 8080 })] });
 * @example createApp({ ..., use: [http({ serve: [served(inventory, { stock: ({ params }) => shelf.of(params.sku) })] })] });
 */
export function http(options: Partial<HttpOptions> = {}): Component {
  const { serve, advertise, ...settings } = checkOptions<HttpOptions>(
    'http',
    options,
    { ...serverDefaults, serve: [], advertise: {} },
    {
      ...serverRules,
      serve: (value) => (Array.isArray(value) ? undefined : 'a list of classes with @Serves, or of what served() made'),
      advertise: anything,
    },
  );
  checkSocketOptions('http', settings, serverDefaults);
  if (settings.socketPath !== undefined && Object.keys(advertise).length > 0)
    throw new OptionsError('http', [
      'advertise is for a port: a Unix socket is not announced, since it means nothing elsewhere',
    ]);
  // Workers share the port, and counters that are another worker's each time read like restarts.
  const exposes = settings.metrics && (options.metrics === true || !clusterWorker());
  const advertised = checkAdvertise(advertise, process.env);
  const sources = serve.map((given) => sourceOf(given));
  // An application may have one server at a port and one at a socket, and names of components are unique.
  const name = settings.socketPath === undefined ? 'http' : 'http-socket';
  return {
    name,
    forApplication() {
      let server: HttpServer | undefined;
      return {
        async start(context) {
          const { env, call } = context;
          const drain = context.get(drainToken);
          const all = sources.map((source) => source(context));
          server = createServer({
            ...settings,
            metrics: exposes,
            serve: all,
            env,
            drain,
            health: context.get(healthToken),
            exposition: context.get(metricsToken),
            usage: context.find(usageToken),
            policies: context.get(policyRegistryToken),
          });
          const listening = server;
          // Connections are no part of the step that opened the listener.
          await detached(() => listening.start(call));
          drain.onClose(() => listening.stopAccepting());
          const { url, contracts: names } = listening;
          const { host, port, socketPath, wires, tlsHealth } = listening;
          const scheme = tlsHealth && ('https' as const);
          // A path on this machine means nothing on other machines, and nor does a server that does not listen.
          const place =
            socketPath === undefined && settings.listen
              ? await announce(context, 'http', advertised, { host, port, contracts: names, scheme, wires })
              : undefined;
          env.logger.info({ url, advertised: place, contracts: names }, 'serving');
          if (options.serve === undefined) {
            env.logger.warn(
              { url },
              'http() was given nothing to serve, so it answers only probes: list classes with @Serves, or served(contract, handlers), in `serve`; write `serve: []` when probes are all that is wanted',
            );
          }
        },
        ready: (context) => joinGroup(context, server),
        async stop() {
          await server?.close();
        },
        health: () => [{ name, check: () => healthOf(server) }],
      };
    },
  };
}

/** Lets the application's group call the server. One at a Unix socket is for other programs, as it is not announced either. */
function joinGroup(context: ComponentContext, server: HttpServer | undefined): void {
  const group = context.find(localGroupToken);
  if (!group || !server || server.socketPath !== undefined) return;
  const { name: service, instanceId: id, version, owner } = context.app;
  const { zone, weight, tags, metadata } = context.find(appPlaceToken) ?? {};
  const place = { ...(zone !== undefined && { zone }), ...(weight !== undefined && { weight }) };
  const said = { ...(tags && { tags }), ...(metadata && { metadata }) };
  group.add(server, { id, service, version, owner, ...place, ...said });
}

/** Makes, in a started application, what is served. */
type Source = (context: ComponentContext) => Served;

function sourceOf(given: Class<unknown> | Served): Source {
  if (isServed(given)) return () => given;
  const contract = contractServedBy(given);
  return (context) => served(contract, context.get(given) as never, optionsServedWith(given));
}

function healthOf(server: HttpServer | undefined): HealthReport {
  if (!server?.listening) return { status: 'DOWN' };
  const tls = server.tlsHealth;
  return { status: tls?.status ?? 'UP', details: { url: server.url, ...(tls && { tls: tls.details }) } };
}
