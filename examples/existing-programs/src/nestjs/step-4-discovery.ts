/** `@fwk/discovery`: others find the program by its name, with its routes; it finds the price list, and each call goes to the best of its instances. */
import 'reflect-metadata';
import { createApp } from '@fwk/core';
import { discovery } from '@fwk/discovery';
import { fetchOf } from '@fwk/http';
import { protect } from '@fwk/http/protect';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Orders, OrdersController, Prices } from './orders.js';
import { problems } from './problems.js';

const pricesKey = fetchOf('prices', { timeoutMs: 2000 }); // tried again, with a breaker for each instance
const foundPrices = { provide: Prices, useFactory: () => ({ ask: application.get(pricesKey) }) };

@Module({
  providers: [foundPrices, Orders, problems],
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
  use: [discovery(), guarded],
});
await application.start(); // SIGTERM drains, runs the shutdown hooks of NestJS and stops
