import 'reflect-metadata';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';

export async function open() {
  const options = { host: '127.0.0.1', port: Number(process.env.BENCH_NEST_PORT) };
  const nest = ClientProxyFactory.create({ transport: Transport.TCP, options });
  await nest.connect();
  return () => firstValueFrom(nest.send('stock', { sku: 'lamp' }));
}
