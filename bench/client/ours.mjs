import * as fwk from '../fwk.mjs';
import { freePort } from '../processes.mjs';
import { within } from '../within.mjs';

const instanceLimitMs = 15_000;

/**
 * Our application whose clients call. Where the environment names no registry it brings one, and names it there, so that the programs
 * that are started later find it.
 */
export async function openOurs() {
  process.env.FWK_REGISTRY_PORT ??= String(await freePort());
  const { createApp } = await fwk.core();
  const { discovery, membershipsToken } = await fwk.discovery();
  const { clientOf } = await fwk.http();
  const app = createApp({
    name: 'bench-client',
    version: '1.0.0',
    owner: 'bench',
    use: [discovery()],
    logging: { level: 'error' },
    shutdown: { propagationDelayMs: 0 },
  });
  await app.start();
  return {
    app,
    clientOf,
    /** The only instance of a service, once it is known. @throws Error when it does not become known */
    instanceOf(service) {
      const members = app.get(membershipsToken).of(service);
      const known = new Promise((resolve) => {
        const take = () => {
          const [instance] = members.value;
          if (instance) resolve(instance);
        };
        members.subscribe(take);
        take();
      });
      return within(instanceLimitMs, `the wait for an instance of ${service}`, known);
    },
    close: () => app.stop(),
  };
}
