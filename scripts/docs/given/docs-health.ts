import type { Component } from '@fwk/core';
import * as grpc from '@grpc/grpc-js';

export { grpc };
export declare function grpcServer(server: grpc.Server): Component;

export declare class Pool {
  query(text: string, options: { readonly signal: AbortSignal }): Promise<unknown>;
}
export declare const adverts: { ping(): Promise<void> };
