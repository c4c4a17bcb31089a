/** What a guarded program does in an application: it is made to listen, announced with its routes, and ended once nothing is in flight. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { drainToken, healthToken, metricsToken, usageToken } from '@fwk/core';
import { mountsMetadata } from '@fwk/discovery';
import {
  abandonOnCancel,
  type ComponentContext,
  type ComponentSteps,
  codeOf,
  detached,
  type HealthReport,
  namedEnv,
  OptionsError,
} from '@fwk/kernel';
import { policyRegistryToken } from '@fwk/resilience';
import { type AdvertiseOptions, checkAdvertise } from '../server/advertise.js';
import { announce } from '../server/announce.js';
import { listenFailure } from '../server/listen-errors.js';
import type { Guard } from './guard.js';
import { isNodeServer } from './node-program.js';
import type { Program } from './program.js';
import type { Protection } from './protection.js';

/** What a registry is told of routes: so many values of so many characters, which is what Consul takes. */
const maxValues = 8;
const maxValueLength = 500;

/** @param make - makes the program, where it is not there yet. */
export function programSteps(
  protection: Protection,
  make: (() => Promise<object> | object) | undefined,
): ComponentSteps {
  const { settings, servers } = protection;
  const name = settings.name ?? 'program';
  const advertised = checkAdvertise(settings.advertise, process.env);
  let guard: Guard | undefined;
  let server: Server | undefined;
  let inUse = false;

  const end = async (program: Program | undefined) => {
    closeAll(servers);
    await program?.close?.();
    for (const each of servers) each.closeAllConnections();
    await protection.release();
    inUse = false;
  };

  return {
    async start(context) {
      const { env, call, app } = context;
      if (inUse)
        throw new OptionsError('protect', ['the program belongs to another application, which has not stopped']);
      inUse = true;
      const drain = context.get(drainToken);
      let program = protection.program;
      try {
        const made = make && (await abandonOnCancel(call, Promise.resolve(detached(make))));
        program = made ? protection.install(made) : (program as Program);
        protection.hold();
        server = await listeningServer(context, program, settings.listen && (() => settings.listen?.(made as never)));
        if (server) servers.add(server);
        // Frameworks complete their routes when they begin to listen.
        guard = protection.bind(program, app.name, {
          env: namedEnv(env, 'http.server'),
          drain,
          health: context.get(healthToken),
          exposition: context.get(metricsToken),
          usage: context.find(usageToken),
          policies: context.get(policyRegistryToken),
          trusts: protection.trusts,
        });
        const { unknownOperations } = guard;
        if (unknownOperations.length > 0) {
          const known = guard.routes.all.map(({ plan }) => plan.name).join(', ');
          throw new OptionsError(
            'protect',
            unknownOperations.map(
              (each) => `operations.${each} is no route of the program; there are ${known || 'none'}`,
            ),
          );
        }
        const place = server && (await announceProgram(context, name, advertised, server, guard));
        const { routes, mounts } = guard;
        const contracts = [...mounts.keys()];
        env.logger.info({ advertised: place, routes: routes.all.length, contracts }, 'protecting');
      } catch (error) {
        // What began to listen must not stay.
        if (make || settings.listen) await end(program);
        inUse = false;
        throw error;
      } finally {
        protection.letGo();
      }
      drain.onClose(() => closeAll(servers));
    },
    stop: () => end(protection.program),
    health: () => [{ name, check: () => healthOf(server) }],
    manage: () => [
      {
        path: 'routes',
        purpose: 'The routes of the protected program, with what is known of each; all other requests are `other`.',
        handle: () =>
          (guard?.routes.all ?? []).map(({ plan, key, origin }) => ({
            route: plan.name,
            origin,
            ...(key && { idempotencyKey: key }),
            ...(plan.priority && { priority: plan.priority }),
            ...(plan.timeoutMs && { timeoutMs: plan.timeoutMs }),
          })),
      },
    ],
  };
}

/** The server, once it listens; undefined where nobody knows of one yet. */
async function listeningServer(
  { call }: ComponentContext,
  program: Program,
  listen: (() => unknown) | undefined,
): Promise<Server | undefined> {
  if (!listen) return program.server?.listening ? program.server : undefined;
  try {
    // Connections are no part of the step that opened the listener.
    const answered = await abandonOnCancel(call, Promise.resolve(detached(listen)));
    const server = isNodeServer(answered) ? answered : program.server;
    if (!server) {
      throw new OptionsError('protect', ['listen must return the server that listens: () => app.listen(3000)']);
    }
    if (!server.listening) await abandonOnCancel(call, once(server, 'listening'));
    return server;
  } catch (error) {
    if (call.cancelled || codeOf(error) === undefined) throw error;
    const { address = '', port = 0 } = error as { readonly address?: string; readonly port?: number };
    throw listenFailure({ host: address, port }, error);
  }
}

async function announceProgram(
  context: ComponentContext,
  name: string,
  advertised: AdvertiseOptions,
  server: Server,
  guard: Guard,
) {
  const address = server.address();
  // A path on this machine means nothing on other machines.
  if (address === null || typeof address === 'string') return undefined;
  return announce(context, name, advertised, {
    host: address.address,
    port: address.port,
    contracts: [...guard.mounts.keys()],
    scheme: 'setSecureContext' in server ? 'https' : undefined,
    metadata: { ...mountsMetadata(guard.mounts), ...routesTold(guard) },
  });
}

/** The names of its routes, under `routes`, `routes-2` and so on, as far as there is room. */
function routesTold({ routes }: Guard): Readonly<Record<string, string>> {
  const values: string[] = [];
  for (const { plan } of routes.all) {
    const last = values.at(-1);
    const longer = last === undefined ? plan.name : `${last}, ${plan.name}`;
    if (last !== undefined && longer.length <= maxValueLength) values[values.length - 1] = longer;
    else if (values.length < maxValues && plan.name.length <= maxValueLength) values.push(plan.name);
    else break;
  }
  return Object.fromEntries(values.map((value, index) => [index === 0 ? 'routes' : `routes-${index + 1}`, value]));
}

/** Takes no further connections. What is in flight is answered. */
function closeAll(servers: ReadonlySet<Server>): void {
  for (const server of servers) if (server.listening) server.close();
}

function healthOf(server: Server | undefined): HealthReport {
  if (!server) return { status: 'UP' };
  return { status: server.listening ? 'UP' : 'DOWN' };
}
