/** One instance of the service that is called: some milliseconds of waiting, as for a database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setting } from '@fwk/config';
import { appInfoToken, createApp, inject } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { type Handlers, http, problem, Serves } from '@fwk/http';
import { type MuxMode, muxVariable, type TargetAsked } from '../stage/messages.js';
import { type Done, target } from './contract.js';
import { muteFront } from './mute-front.js';
import { registryOf, registryPlace } from './registry-place.js';
import { settingsOfDrill } from './settings.js';
import { endWithDrill, tellsReady } from './tell.js';

@Serves(target)
class Target implements Handlers<typeof target> {
  private readonly app = inject(appInfoToken);
  private readonly workMs = setting('work.ms', 20);

  read(): Promise<Done> {
    return this.#work();
  }

  write(): Promise<Done> {
    return this.#work();
  }

  async #work(): Promise<Done> {
    await sleep(this.workMs.value);
    if (fails) throw problem(500, 'No database', 'the drill has taken it away');
    return { servedBy: this.app.instanceId };
  }
}

endWithDrill();
let fails = false;
process.on('message', ({ fail }: TargetAsked) => {
  fails = fail;
});
const mode = (process.env[muxVariable] ?? 'served') as MuxMode;
const app = createApp({
  name: 'target',
  version: process.env.DRILL_VERSION ?? '1.0.0',
  owner: 'drills',
  logging: { level: 'warn' },
  management: false,
  use: [
    ...settingsOfDrill(),
    discovery({ registry: registryOf(registryPlace()) }),
    http({ serve: [Target], ...(await place(mode)) }),
    tellsReady(),
  ],
});
await app.start();

/** Where it serves, and what. */
async function place(mode: MuxMode) {
  if (mode === 'served') return {};
  if (mode === 'off') return { mux: false };
  const { port, frontPort } = await muteFront();
  return { port, advertise: { port: frontPort } };
}
