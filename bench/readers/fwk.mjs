/** Our full client stack over HTTP. */
import { openOurs } from '../client/ours.mjs';
import { prices } from '../programs/stream-contract.mjs';

export async function open() {
  const { app, clientOf } = await openOurs();
  const client = app.get(clientOf(prices));
  return (kind, count) => client[kind]({ params: { count } });
}
