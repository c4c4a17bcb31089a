/** `createApp` of `@fwk/core` round it: health, management, a stop that loses no request. Its container gives NestJS the policies, and is given the orders of NestJS. */
import 'reflect-metadata';
import { createApp } from '@fwk/core';
import { protect } from '@fwk/http/protect';
import { policyRegistryToken, resilience } from '@fwk/resilience';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Orders, OrdersController, Prices } from './orders.js';
import { policies, policiesToken, ReliablePrices } from './policies.js';
import { problems } from './problems.js';

const ourPolicies = { provide: policiesToken, useFactory: () => application.get(policyRegistryToken) };

@Module({
  providers: [ourPolicies, Orders, { provide: Prices, useClass: ReliablePrices }, problems],
  controllers: [OrdersController],
})
class OrdersModule {}

let nest: INestApplication;

// A function makes it when the application starts, so that NestJS may ask for what the application has.
const guarded = protect(
  async () => {
    nest = await NestFactory.create(OrdersModule, { logger: ['error'] });
    return nest;
  },
  {
    listen: () => nest.listen(Number(process.env.PORT ?? 3000), '127.0.0.1'),
    limit: {}, // as many requests at once as are answered in time; the others get 503
    routes: { 'POST /orders': { timeoutMs: 10_000, idempotencyKey: 'optional' } },
  },
);

const application = createApp({
  name: 'orders',
  version: '1.0.0',
  owner: 'team-orders',
  providers: [[Orders, { useFactory: () => nest.get(Orders) }]],
  checks: [{ name: 'order-book', check: () => application.get(Orders).all.size < 10_000 }],
  use: [resilience({ policies }), guarded],
});
await application.start(); // SIGTERM drains, runs the shutdown hooks of NestJS and stops
