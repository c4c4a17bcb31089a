import type { Order } from './reader.js';

export declare function sendPayment(order: Order): Promise<{ readonly id: string }>;
