import type { Flags } from '@fwk/config';
import type { Order } from './reader.js';

export { OpenFeature } from '@openfeature/server-sdk';
export declare const flags: Flags;
export declare const request: Request;
export declare function handle(request: Request): Promise<Response>;
export declare const text: string;
export declare function search(text: string, order: string): Promise<readonly Order[]>;
