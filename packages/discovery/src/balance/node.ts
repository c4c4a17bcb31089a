import { type ContextChange, lastResortKey, type Service } from '@fwk/kernel';
import { type Endpoint, endpointKey } from '../membership/endpoint.js';
import { EndpointHealth } from '../outlier/endpoint-health.js';
import type { Candidate, LoadMeter } from './balancer.js';

/** One endpoint of one balanced stack: its own service, its measurements, the calls under way. */
export class Node<Req, Res> implements Candidate {
  readonly endpoint: Endpoint;
  readonly service: Service<Req, Res>;
  readonly meter: LoadMeter;
  readonly health = new EndpointHealth();
  /** What tells the inner service its endpoint and whether there is another; made once, so that a call allocates only its context. */
  readonly change: ContextChange;
  inFlight = 0;
  /** Set once the endpoint has left the membership; the last call out disposes the service. */
  removed = false;

  /** @param isLastResort - whether no other endpoint would take a request now. */
  constructor(
    endpoint: Endpoint,
    service: Service<Req, Res>,
    meter: LoadMeter,
    isLastResort: (request: unknown) => boolean,
  ) {
    this.endpoint = endpoint;
    this.service = service;
    this.meter = meter;
    this.change = { values: [endpointKey.of(endpoint), lastResortKey.of(isLastResort)] };
  }

  available(request?: Req): boolean {
    return this.health.ejection === undefined && this.service.status(request) === 'ready';
  }

  load(nowMs: number): number {
    return this.meter.load(nowMs, this.inFlight);
  }
}
