import {
  checkOptions,
  type Env,
  type LayerDescription,
  makeEnv,
  namedEnv,
  TimeLimits,
  UnsentAnswers,
} from '@fwk/kernel';
import { type PolicyRegistry, policyRegistry } from '@fwk/resilience';
import { checkCompression } from '../coding/compression-options.js';
import { memoryIdempotencyStore } from '../idempotency/memory-store.js';
import { OpenStreams } from '../serving/open-streams.js';
import { checkRoutes } from '../serving/routes.js';
import { checkServed } from '../serving/served.js';
import { ServedScope } from '../serving/served-scope.js';
import { aloneDrain } from '../serving/server-parts.js';
import { checkOperationsKnown } from '../serving/server-policy-options.js';
import { unixAddress } from '../serving/trusted-networks.js';
import { ServerLoad } from '../wire/load-text.js';
import { compressing } from './compressed-answers.js';
import { heardEnv } from './heard-env.js';
import type { HttpServer } from './http-server.js';
import { beginStream, isStreamed, lingerAfter } from './http-stream.js';
import { NodeServer } from './node-server.js';
import { leavesTooMuch } from './read-body.js';
import { type ServerOptions, serverDefaults, serverOptionRules } from './server-options.js';
import { checkServerTls, noPeers, peerCheck } from './server-tls.js';
import { checkSocketOptions } from './socket-options.js';
import { writeAnswer } from './write-answer.js';

/**
 * Makes a server.
 * @param options - `serve` lists what it serves, made by `served(contract, handlers)`.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`, NotServedError `FWK_HTTP_NOT_SERVED` for what `served` has not made,
 *   RouteConflictError `FWK_HTTP_ROUTE_CONFLICT`
 * @example const server = createServer({ serve: [served(inventory, handlers)] }); await server.start();
 */
export function createServer(options: Partial<ServerOptions>): HttpServer {
  const settings = checkOptions<ServerOptions>('server', options, { ...serverDefaults, serve: [] }, serverOptionRules);
  checkSocketOptions('server', settings, serverDefaults);
  for (const given of settings.serve) checkServed(given);
  checkRoutes(settings.serve);
  const env = heardEnv(namedEnv(makeEnv(settings.env), 'http.server'));
  const tls = settings.tls && checkServerTls(settings.tls);
  const compression = settings.compression && checkCompression('server', settings.compression);
  const drain = settings.drain ?? aloneDrain;
  const { store, ...bounds } = settings.idempotency;
  const unsent = new UnsentAnswers(env.clock, settings.sendTimeoutMs, settings.maxUnsentBytes);
  checkOperationsKnown(
    settings,
    settings.serve.map(({ contract }) => contract),
  );
  const policies = settings.policies ?? policyRegistry(env);
  const scopes = scopesOf(settings, policies, env);
  const load = settings.loadReports ? new ServerLoad(env.clock) : undefined;
  const streams = new OpenStreams();
  drain.onDrain(() => streams.drain());
  const parts = {
    env,
    streams,
    drain,
    idempotency: store ?? memoryIdempotencyStore(bounds, env.clock),
    limits: TimeLimits.of(env.clock, true),
    load,
    usage: settings.usage,
  };
  const server: NodeServer = new NodeServer(settings, tls, scopes, parts, {
    bodyLimitBytes: settings.bodyLimitBytes,
    compression,
    callerAddress: settings.socketPath === undefined ? undefined : unixAddress,
    peerOf: tls ? peerCheck(tls.own) : noPeers,
    unsent,
    load: load?.text,
    write: compressing(compression, (response, answer, told, coding) => {
      const stops = drain.draining || server.stopping;
      if (answer.stream) return beginStream(response, answer, answer.stream, unsent, stops, told, coding);
      if (isStreamed(response.req) && !response.req.complete) lingerAfter(response, env.clock);
      else if (answer.status === 413 || leavesTooMuch(response.req, settings.bodyLimitBytes)) {
        return unsent.watch(response, writeAnswer(response, answer, true, told));
      }
      unsent.watch(response, writeAnswer(response, answer, stops, told));
    }),
  });
  return server;
}

/** A server whose scopes cannot all be made leaves none behind. */
function scopesOf(settings: ServerOptions, policies: PolicyRegistry, env: Env): readonly ServedScope[] {
  const made: ServedScope[] = [];
  try {
    for (const each of settings.serve) made.push(new ServedScope(each, settings, settings.timeoutMs, policies, env));
    return made;
  } catch (error) {
    for (const scope of made) void scope[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The layers that stand before the handlers of a server now, outermost first, within each contract that it serves; undefined for
 * what is no server of this package.
 */
export function describeServer(server: HttpServer): readonly LayerDescription[] | undefined {
  return server instanceof NodeServer ? server.scopes.map((scope) => scope.describe()) : undefined;
}
