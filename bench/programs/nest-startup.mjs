import 'reflect-metadata';
import { get } from 'node:http';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

class StockController {
  stock() {
    return { sku: 'lamp', left: 41 };
  }
}
Get('lamp')(StockController.prototype, 'stock', Object.getOwnPropertyDescriptor(StockController.prototype, 'stock'));
Controller('stock')(StockController);
class StockModule {}
Module({ controllers: [StockController] })(StockModule);

const app = await NestFactory.create(StockModule, { logger: false });
await app.listen(0, '127.0.0.1');
get(`${await app.getUrl()}/stock/lamp`, (response) =>
  response.resume().on('end', () => process.stdout.write('answered\n')),
);
