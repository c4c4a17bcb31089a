/** The part that no step changes: it takes orders and asks the price list that it is given. */
import { Body, Controller, Get, Injectable, NotFoundException, Param, Post } from '@nestjs/common';

export interface Order {
  readonly id: string;
  readonly sku: string;
  readonly price: number;
}

export abstract class Prices {
  abstract ask(path: string): Promise<Response>;
}

@Injectable()
export class Orders {
  readonly all = new Map<string, Order>();

  constructor(private readonly prices: Prices) {}

  find(id: string): Order {
    const order = this.all.get(id);
    if (!order) throw new NotFoundException('no such order');
    return order;
  }

  async place(sku: string): Promise<Order> {
    const answer = await this.prices.ask(`/prices/${encodeURIComponent(sku)}`);
    if (!answer.ok) throw new Error(`the price list answered ${answer.status}`);
    const { price } = (await answer.json()) as { price: number };
    const order = { id: String(this.all.size + 1), sku, price };
    this.all.set(order.id, order);
    return order;
  }
}

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Get(':id')
  find(@Param('id') id: string): Order {
    return this.orders.find(id);
  }

  @Post()
  place(@Body('sku') sku: string): Promise<Order> {
    return this.orders.place(sku);
  }
}
