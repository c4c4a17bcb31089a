/** The program as it is: orders over HTTP, with prices from another service. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Orders, OrdersController, Prices } from './orders.js';

@Injectable()
class HttpPrices extends Prices {
  ask(path: string) {
    return fetch(`${process.env.PRICES_URL}${path}`);
  }
}

@Module({
  providers: [Orders, { provide: Prices, useClass: HttpPrices }],
  controllers: [OrdersController],
})
class OrdersModule {}

const nest = await NestFactory.create(OrdersModule, { logger: ['error'] });
await nest.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log('listening', await nest.getUrl());
