import type * as grpc from '@grpc/grpc-js';

/** What is used of the module `@grpc/grpc-js`. */
export type GrpcModule = Pick<typeof grpc, 'experimental' | 'connectivityState' | 'Metadata'>;
