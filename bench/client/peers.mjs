/** Everything that answers the same call to this process: our client over both wires, and its peers, each with its own server. */
import { channel } from 'node:diagnostics_channel';
import { credentials } from '@grpc/grpc-js';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import moleculer from 'moleculer';
import { firstValueFrom } from 'rxjs';
import { Pool } from 'undici';
import { freePort, program, startUntil } from '../processes.mjs';
import { stock } from '../programs/contract.mjs';
import { Stock as GrpcStock } from '../programs/grpc-stock.mjs';

const httpRequests = channel('undici:request:create');
const item = { sku: 'lamp' };

/**
 * Starts the servers and connects.
 * @param app ours, started, in which clients are made by `clientOf`
 * @param connections of the undici pool
 * @returns by name what makes one call and answers its result
 */
export async function openPeers({ app, clientOf, instanceOf }, connections) {
  process.env.BENCH_MOLECULER_SERVER = String(await freePort());
  process.env.BENCH_MOLECULER_CLIENT = String(await freePort());
  process.env.BENCH_NEST_PORT = String(await freePort());
  process.env.BENCH_GRPC_PORT = String(await freePort());
  const { moleculerOptions } = await import('../programs/moleculer-options.mjs');
  const services = await Promise.all(
    ['fwk-service', 'moleculer-service', 'nest-service', 'grpc-service'].map((name) =>
      startUntil([program(name)], 'ready'),
    ),
  );

  const overHttp = app.get(clientOf(stock, { wire: 'http' }));
  const byItself = app.get(clientOf(stock));
  await demandMux(() => byItself.stock({ params: item }));
  const { address, port } = await instanceOf('stock');
  const pool = new Pool(`http://${address}:${port}`, { connections });
  const broker = new moleculer.ServiceBroker(moleculerOptions('client'));
  await broker.start();
  await broker.waitForServices('stock', 10_000);
  const nestOptions = { host: '127.0.0.1', port: Number(process.env.BENCH_NEST_PORT) };
  const nest = ClientProxyFactory.create({ transport: Transport.TCP, options: nestOptions });
  await nest.connect();
  const grpc = new GrpcStock(`127.0.0.1:${process.env.BENCH_GRPC_PORT}`, credentials.createInsecure());

  return {
    calls: {
      fwk: () => overHttp.stock({ params: item }),
      mux: () => byItself.stock({ params: item }),
      undici: async () => {
        const { body } = await pool.request({ method: 'GET', path: '/stock/lamp' });
        return body.json();
      },
      moleculer: () => broker.call('stock.stock', item),
      nest: () => firstValueFrom(nest.send('stock', item)),
      grpc: () =>
        new Promise((resolve, reject) => {
          grpc.stock(item, (error, answer) => (error ? reject(error) : resolve(answer)));
        }),
    },
    async close() {
      grpc.close();
      await Promise.all([pool.close(), broker.stop(), nest.close()]);
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}

/** @throws Error when a call that may choose its wire goes over HTTP: its figures would be those of HTTP. */
async function demandMux(call) {
  let requests = 0;
  const count = () => requests++;
  httpRequests.subscribe(count);
  await call();
  httpRequests.unsubscribe(count);
  if (requests > 0) throw new Error('the client took HTTP where Mux was expected');
}
