export {
  type GrpcHealthHandlers,
  type GrpcHealthOptions,
  type GrpcServer,
  grpcHealth,
  grpcHealthDefaults,
} from './grpc/grpc-health.js';
export { servingStatus } from './grpc/health-messages.js';
export { healthServiceDefinition } from './grpc/health-service.js';
