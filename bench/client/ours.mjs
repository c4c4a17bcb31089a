import * as fwk from '../fwk.mjs';
import { freePort } from '../processes.mjs';

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
    /** The only instance of a service, once it is known. */
    instanceOf(service) {
      const members = app.get(membershipsToken).of(service);
      return new Promise((resolve) => {
        const take = () => {
          const [instance] = members.value;
          if (instance) resolve(instance);
        };
        members.subscribe(take);
        take();
      });
    },
    close: () => app.stop(),
  };
}
