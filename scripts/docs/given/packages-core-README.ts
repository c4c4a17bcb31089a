import type { IncomingMessage } from 'node:http';
import { token } from '@fwk/core';

export class Clock {}
export const clock = token<Clock>('clock');
export class Quotes {}
export declare const request: Pick<IncomingMessage, 'headers'>;
export declare const reply: { header(name: string, value: string): void };
