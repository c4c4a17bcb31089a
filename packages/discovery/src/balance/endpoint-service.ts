import { type CallContext, type Env, type Service, type Stack, stack } from '@fwk/kernel';
import type { Endpoint } from '../membership/endpoint.js';
import type { ConnectionReport } from '../membership/monitor.js';
import type { TakeReport } from '../pick/load-report.js';

/** The service that calls one endpoint. What it reports is shown by `/manage/endpoints`. */
export interface Connection<in Req, out Res> extends Service<Req, Res> {
  report?(): ConnectionReport;
  /**
   * Tries whether a connection can be made, without a request; rejects with the reason why not. Asked from time to time while the
   * endpoint is ejected because its connection failed, so that no call has to try. The context is cancelled when the answer
   * is of no use any more. @defaultValue a call tries it
   */
  check?(context: CallContext): Promise<void>;
  /**
   * Asks the server for its load alone, and hands the answer to the connection's `TakeReport` before it settles. No call is made:
   * layers, telemetry and the server's handlers know nothing of it.
   * @returns undefined where the server cannot be asked now, or does not know the question.
   */
  probe?(context: CallContext): Promise<void> | undefined;
}

/** How the service of one endpoint is made. */
export interface EndpointServiceOptions<Req, Res> {
  /**
   * Makes what answers at one endpoint: a pool of its connections, a session, a handler in this process. Called once an
   * endpoint. What it answers belongs to the balancer: if it is disposable, it is disposed of when the endpoint has left and its
   * last call is over. Where answers say how busy the server is, it calls `reported` with that before it hands on the answer. The
   * service inside the layer then gets only calls that come after the balancer was disposed of.
   * @defaultValue the service inside the layer answers for all endpoints
   */
  readonly connect?: (endpoint: Endpoint, reported: TakeReport) => Connection<Req, Res>;
  /** The layers that each endpoint gets for itself, in front of its connection; built once an endpoint. @defaultValue none */
  readonly endpoint?: (endpoint: Endpoint) => Stack<Req, Res>;
}

/** The service of one endpoint. Dispose of it when nothing is under way there any more. */
export interface EndpointService<Req, Res> {
  readonly service: Service<Req, Res>;
  /** What the connection reports; undefined where it reports nothing. */
  report(): ConnectionReport | undefined;
  /** Tries whether the connection can be made; undefined where only a call can tell. */
  readonly check: ((context: CallContext) => Promise<void>) | undefined;
  /** Asks for its load; see {@link Connection}. */
  probe(context: CallContext): Promise<void> | undefined;
  /** Disposes of the layers, the outermost first, and then of the connection. Never rejects: what fails is logged. */
  dispose(): Promise<void>;
}

/**
 * Makes the service of an endpoint. What cannot be made is a service that is busy and answers every call with the reason, so that
 * calls go to the other endpoints.
 * @param next - answers where there is no `connect`.
 * @param reported - takes what answers say of the server's load.
 */
export function endpointService<Req, Res>(
  endpoint: Endpoint,
  options: EndpointServiceOptions<Req, Res>,
  next: Service<Req, Res>,
  env: Env,
  reported: TakeReport,
): EndpointService<Req, Res> {
  const { connect, endpoint: layersOf } = options;
  /** Outermost first. */
  const owned: unknown[] = [];
  const dispose = () => disposeOf(owned, endpoint, env);
  const silent = () => undefined;
  const unconnected = { report: silent, check: undefined, probe: silent, dispose };
  if (!connect && !layersOf) return { service: next, ...unconnected };
  try {
    const connection: Connection<Req, Res> = connect ? connect(endpoint, reported) : next;
    if (connect) owned.push(connection);
    const service = (layersOf?.(endpoint) ?? stack<Req, Res>(env)).into(connection);
    owned.unshift(service);
    const check = connection.check?.bind(connection);
    const probe = (context: CallContext) => connection.probe?.(context);
    return { service, report: () => connection.report?.(), check, probe, dispose };
  } catch (error) {
    env.logger.warn({ err: error, endpoint: endpoint.id }, 'no service could be made for an endpoint');
    return { service: { call: () => Promise.reject(error), status: () => 'busy' }, ...unconnected };
  }
}

async function disposeOf(owned: readonly unknown[], endpoint: Endpoint, env: Env): Promise<void> {
  for (const each of owned) {
    if (typeof each !== 'object' || each === null) continue;
    const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } = each as Partial<AsyncDisposable & Disposable>;
    try {
      if (later) await later.call(each);
      else now?.call(each);
    } catch (error) {
      env.logger.warn({ err: error, endpoint: endpoint.id }, 'endpoint not disposed');
    }
  }
}
