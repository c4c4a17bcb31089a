/** One instance of the service that is called: some milliseconds of waiting, as for a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { appInfoToken, createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Handlers, http, Serves } from '@fwk/http';
import { type Done, target } from './contract.js';
import { registryOf, registryPlace } from './registry-place.js';
import { endWithDrill, tellsReady } from './tell.js';

const workMs = 20;

@Serves(target)
class Target implements Handlers<typeof target> {
  private readonly app = inject(appInfoToken);

  read(): Promise<Done> {
    return this.#work();
  }

  write(): Promise<Done> {
    return this.#work();
  }

  async #work(): Promise<Done> {
    await sleep(workMs);
    return { servedBy: this.app.instanceId };
  }
}

endWithDrill();
const app = createApp({
  name: 'target',
  version: process.env.DRILL_VERSION ?? '1.0.0',
  owner: 'drills',
  logging: { level: 'warn' },
  management: false,
  use: [discovery({ registry: registryOf(registryPlace()) }), http({ serve: [Target] }), tellsReady()],
});
await app.start();
