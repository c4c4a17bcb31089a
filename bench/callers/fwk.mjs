/** Our full client stack. `wire` says which wire is expected: HTTP is asked for, Mux must be taken by itself. */
import { channel } from 'node:diagnostics_channel';
import { openOurs } from '../client/ours.mjs';
import { stock } from '../programs/contract.mjs';

const httpRequests = channel('undici:request:create');
const item = { sku: 'lamp' };

/** @throws Error when a client that may choose its wire takes HTTP: its figures would be those of HTTP. */
export async function open(wire) {
  const { app, clientOf } = await openOurs();
  const client = app.get(clientOf(stock, wire === 'http' ? { wire } : {}));
  const call = () => client.stock({ params: item });
  let requests = 0;
  const count = () => requests++;
  httpRequests.subscribe(count);
  await call();
  httpRequests.unsubscribe(count);
  if (requests > 0 !== (wire === 'http')) throw new Error(`the client did not take the wire ${wire}`);
  return call;
}
