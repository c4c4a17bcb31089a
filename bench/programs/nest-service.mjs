import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { answer } from './answer.mjs';

class StockController {
  stock(data) {
    return answer(data.sku);
  }
}
const { prototype } = StockController;
MessagePattern('stock')(prototype, 'stock', Object.getOwnPropertyDescriptor(prototype, 'stock'));
Controller()(StockController);
class StockModule {}
Module({ controllers: [StockController] })(StockModule);

const options = { host: '127.0.0.1', port: Number(process.env.BENCH_NEST_PORT) };
const app = await NestFactory.createMicroservice(StockModule, { transport: Transport.TCP, options, logger: false });
await app.listen();
process.stdout.write('ready\n');
