import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, portFault } from './ports.js';

test('a port that is taken is told before anything starts, with the option that chooses another', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  expect(await portFault(port)).toMatch(new RegExp(`^port ${port} is in use; .*npm start -- --port N`));
  holder.close();
  await once(holder, 'close');
  expect(await portFault(port)).toBeUndefined();
  expect(await portFault(0)).toBeUndefined();
  expect(await portFault(await freePort())).toBeUndefined();
});
