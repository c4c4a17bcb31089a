/** Named policies of `@fwk/resilience` in a module of their own, injected by NestJS: limits of time, retries and breakers round outgoing calls. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Orders, OrdersController, Prices } from './orders.js';
import { PoliciesModule, ReliablePrices } from './policies.js';

@Module({
  imports: [PoliciesModule],
  providers: [Orders, { provide: Prices, useClass: ReliablePrices }],
  controllers: [OrdersController],
})
class OrdersModule {}

const nest = await NestFactory.create(OrdersModule, { logger: ['error'] });
await nest.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log('listening', await nest.getUrl());
