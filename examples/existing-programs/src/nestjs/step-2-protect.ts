/** `protect` of `@fwk/http` in front of it, and an exception filter: limits of time and load, idempotency keys, probes, metrics by route, errors as problem documents. */
import 'reflect-metadata';
import { protect } from '@fwk/http/protect';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Orders, OrdersController, Prices } from './orders.js';
import { PoliciesModule, ReliablePrices } from './policies.js';
import { problems } from './problems.js';

@Module({
  imports: [PoliciesModule],
  providers: [Orders, { provide: Prices, useClass: ReliablePrices }, problems],
  controllers: [OrdersController],
})
class OrdersModule {}

const nest = await NestFactory.create(OrdersModule, { logger: ['error'] });
protect(nest, {
  limit: {}, // as many requests at once as are answered in time; the others get 503
  routes: { 'POST /orders': { timeoutMs: 10_000, idempotencyKey: 'optional' } },
});
await nest.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log('listening', await nest.getUrl());
