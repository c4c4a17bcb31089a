import type { Candidate, Endpoint } from '@fwk/discovery';

/** An endpoint as a balancer sees it, idle; counts how often it was asked whether it is available. */
export class SimulatedCandidate implements Candidate {
  readonly endpoint: Endpoint;
  readonly inFlight = 0;
  dead = false;
  asked = 0;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
  }

  available(): boolean {
    this.asked++;
    return !this.dead;
  }

  load(): number {
    return 1;
  }

  weight(): number {
    return 1;
  }
}
