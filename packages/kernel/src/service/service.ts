import type { CallContext } from '../context/call-context.js';
import type { EventSink } from '../events/event-sink.js';
import type { Logger } from '../telemetry/logger.js';
import type { Meter } from '../telemetry/meter.js';
import type { Tracer } from '../telemetry/trace.js';
import type { Clock } from '../time/clock.js';
import type { Classifier } from './classifier.js';
import type { LayerDescription } from './layer-description.js';

/** Whether a service would take a call now. `busy` says: rather ask another; `closed`: never again. */
export type Status = 'ready' | 'busy' | 'closed';

/** Everything that answers a request: handlers, transports, clients, balancers, decorated methods. */
export interface Service<in Req, out Res> {
  /** Never throws synchronously. Settles promptly once the context is cancelled. */
  call(request: Req, context: CallContext): Promise<Res>;
  /**
   * Synchronous, cheap, free of side effects; a balancer reads it on every pick.
   * @param request - the one that is to be sent: a service may take some requests and not others. Left out where no
   * particular one is meant. A layer hands it on to the service inside.
   */
  status(request?: Req): Status;
}

/** Everything that changes how a request is answered: retry, timeout, breaker, tracing, admission. */
export interface Layer<Req, Res, NextReq = Req, NextRes = Res> {
  /** What it is, in the field's own word: `retry`, `circuit-breaker`. */
  readonly role: string;
  /** Runs once per built stack, never per call: state made here belongs to that stack. */
  wrap(next: Service<NextReq, NextRes>, env: Env): Service<Req, Res>;
  /** The settings that people want to see printed; none by default. */
  describe?(): Readonly<Record<string, unknown>>;
  /** The layers of a scope inside this one, outermost first: those that a balancer builds for each endpoint. None by default. */
  inner?(): readonly LayerDescription[];
}

/** What layers are built with. Nothing in a layer reaches for a clock, randomness or a log of its own. */
export interface Env {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: EventSink;
  readonly metrics: Meter;
  readonly logger: Logger;
  /** Judges outcomes, one judge for the whole stack: retry, breaker, balancer and metrics must agree. */
  readonly classifier: Classifier;
  /** Where the stack stands, such as `checkout/inventory`; a label in metrics, events and messages. */
  readonly path: string;
  /**
   * Id of the endpoint before which the stack stands; undefined elsewhere. For events, names and people: never a label of a
   * metric, since endpoints come and go.
   */
  readonly endpoint?: string | undefined;
  /** Records spans; undefined where nobody does. */
  readonly tracer?: Tracer | undefined;
}
