/** A server of a group as clients of the group see it: an endpoint, with the facts of an instance. */
import type { Endpoint, Instance, Wire } from '@fwk/discovery';
import type { LocalServing } from './local-server.js';
import type { Turns } from './turns.js';

const wires: readonly Wire[] = Object.freeze(['local'] as const);

/** See the head of this file. */
export class LocalEndpoint implements Endpoint {
  readonly id: string;
  readonly address = 'local';
  readonly port = 0;
  readonly url: string;
  readonly wires = wires;
  readonly instance: Instance;
  readonly server: LocalServing;
  readonly turns: Pick<Turns, 'begin'>;

  constructor(instance: Instance, server: LocalServing, turns: Turns) {
    this.id = instance.id;
    this.url = `local:${instance.id}`;
    this.instance = instance;
    this.server = server;
    this.turns = turns;
  }
}
