import { type Component, checkOptions } from '@fwk/kernel';
import { healthToken } from '../health/health.js';
import { HealthHandlers, healthServiceDefinition } from './health-service.js';
import { ServingStatuses } from './serving-statuses.js';

/** A server of `@grpc/grpc-js`, as far as it is used. */
export interface GrpcServer {
  addService(definition: typeof healthServiceDefinition, handlers: GrpcHealthHandlers): void;
}

/** What answers the calls. */
export type GrpcHealthHandlers = Pick<HealthHandlers, 'check' | 'list' | 'watch'>;

/** Options of {@link grpcHealth}. */
export interface GrpcHealthOptions {
  /**
   * Groups of health by the full names of gRPC services, such as `{ 'shop.Orders': 'readiness' }`. The empty name, which
   * stands for the whole server, is `readiness`, and each group is a service of its own name. @defaultValue none
   */
  readonly services: Readonly<Record<string, string>>;
}

/** Defaults of {@link GrpcHealthOptions}. */
export const grpcHealthDefaults = Object.freeze({ services: Object.freeze({}) }) satisfies GrpcHealthOptions;

/**
 * Makes a component that serves the application's health by the gRPC health protocol on a server of `@grpc/grpc-js`. The service
 * is added when the application is made. Nothing serves before the application is ready. When it stops, all that
 * watch are told NOT_SERVING before anything ends; the streams end in its `stop` step, so list it after the component
 * that closes the server.
 * @throws OptionsError `FWK_KERNEL_OPTIONS_INVALID`
 * @example
 * const server = new grpc.Server();
 * createApp({ ..., use: [grpcServer(server), grpcHealth(server, { services: { 'shop.Orders': 'readiness' } })] });
 */
export function grpcHealth(server: GrpcServer, options?: Partial<GrpcHealthOptions>): Component {
  const { services } = checkOptions<GrpcHealthOptions>('grpcHealth', options, grpcHealthDefaults, {
    services: (value) =>
      typeof value === 'object' && value !== null && Object.values(value).every((group) => typeof group === 'string')
        ? undefined
        : 'an object of groups by the names of services',
  });
  return {
    name: 'grpc-health',
    forApplication() {
      const statuses = new ServingStatuses(services);
      const handlers = new HealthHandlers(statuses);
      return {
        provide() {
          const { check, list, watch } = handlers;
          server.addService(healthServiceDefinition, { check, list, watch });
        },
        start: (context) => statuses.follow(context.get(healthToken)),
        drain: () => statuses.stopServing(),
        stop() {
          handlers.end();
          statuses[Symbol.dispose]();
        },
      };
    },
  };
}
