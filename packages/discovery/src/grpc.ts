export type { GrpcModule } from './grpc/grpc-module.js';
export { type GrpcTarget, type GrpcTargetOptions, grpcTarget } from './grpc/grpc-target.js';
export { grpcClassifier } from './grpc/grpc-verdicts.js';
