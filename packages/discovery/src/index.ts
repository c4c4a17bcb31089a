export {
  type BalancedService,
  type BalanceLayer,
  balance,
} from './balance/balance.js';
export type { BalanceOptions } from './balance/balance-options.js';
export type { Chosen, PlacedCall } from './balance/chosen.js';
export type { Connection, EndpointServiceOptions } from './balance/endpoint-service.js';
export { type AppCaller, appCallerToken } from './component/app-caller.js';
export { type AppPlace, appPlaceToken } from './component/app-place.js';
export { discovery, registryToken } from './component/discovery.js';
export { type DiscoveryOptions, discoveryDefaults } from './component/discovery-options.js';
export {
  DuplicateInstanceError,
  discoveryErrors,
  InstanceInvalidError,
  type KnownEndpoints,
  NoEndpointError,
  RegistryClosedError,
  RegistryDeniedError,
  RegistryFullError,
  RegistryPortTakenError,
  RegistryUnavailableError,
} from './errors.js';
export { type DiscoveryEvent, discoveryEvents } from './events.js';
export {
  type Instance,
  type InstanceChange,
  type InstanceStatus,
  instanceLimits,
  instanceStatuses,
  parseInstance,
} from './instance.js';
export { type CallRoute, checkCallRoute, routeKey } from './membership/call-route.js';
export { type Endpoint, type EndpointChoice, endpointChoiceKey, endpointKey } from './membership/endpoint.js';
export {
  type KnownList,
  type LastKnown,
  lastKnown,
  lastKnownLimits,
  type PersistOptions,
  persistDefaults,
} from './membership/last-known.js';
export type { MembershipChange } from './membership/membership-change.js';
export { type Memberships, memberships, membershipsToken } from './membership/memberships.js';
export type {
  BalancerReport,
  ConnectionReport,
  EndpointMonitor,
  EndpointReport,
  MonitorReport,
  ReasonReport,
  SplitReport,
} from './membership/monitor.js';
export { monitorBy } from './membership/monitor.js';
export { type MembershipDecorator, type MembershipMethod, OnMembership } from './membership/on-membership.js';
export { type ListChoice, preferredEndpoints } from './membership/preferred-endpoints.js';
export { staticEndpoints } from './membership/static-endpoints.js';
export type { Wire } from './membership/wires.js';
export { type MountedContract, type Mounts, mountsMetadata } from './mounts.js';
export { isConnectionError } from './outlier/connection-error.js';
export { checkEjection, type EjectionOptions, ejectionDefaults, ejectionRules } from './outlier/ejection-options.js';
export type { EjectionRecord, WithheldEjection } from './outlier/endpoint-health.js';
export type { EjectionRule, Finding } from './outlier/figures.js';
export type { Override } from './override.js';
export type { Balancer, Candidate, LoadMeter, Picker } from './pick/balancer.js';
export { type BalancerKind, type BalancerSettings, balancerKinds, balancerOf } from './pick/balancer-of.js';
export { type HashOptions, hashDefaults } from './pick/hash-options.js';
export { type LeastRequestOptions, leastRequest, leastRequestDefaults } from './pick/least-request.js';
export { LoadGauge } from './pick/load-gauge.js';
export type { HeardLoad, LoadReport, TakeReport } from './pick/load-report.js';
export { type MaglevOptions, maglev } from './pick/maglev.js';
export { type P2cOptions, p2c, p2cDefaults } from './pick/p2c.js';
export type { PeakEwmaOptions } from './pick/peak-ewma.js';
export { type PrequalOptions, prequal, prequalDefaults } from './pick/prequal.js';
export { random } from './pick/random.js';
export { type KeyOf, readKey } from './pick/read-key.js';
export { rendezvous } from './pick/rendezvous.js';
export { type RingHashOptions, ringHash } from './pick/ring-hash.js';
export { roundRobin, weightedRoundRobin } from './pick/round-robin.js';
export type { LeftOut, MakePicker, RoutedPicker, Router, Split } from './pick/router.js';
export { Undecided } from './pick/undecided.js';
export type { DnsAddress, DnsRegistryOptions, DnsResolver, DnsTarget } from './registries/dns/dns-options.js';
export { dnsRegistryDefaults } from './registries/dns/dns-options.js';
export { dnsRegistry } from './registries/dns/dns-registry.js';
export { type FileRegistryOptions, fileRegistry, fileRegistryDefaults } from './registries/file/file-registry.js';
export {
  defaultRegistryPort,
  type LocalRegistryOptions,
  localRegistryDefaults,
} from './registries/local/local-options.js';
export { localRegistry } from './registries/local/local-registry.js';
export { type RegistryHost, serveRegistry } from './registries/local/serve-registry.js';
export { memoryRegistry } from './registries/memory-registry.js';
export { type StaticAddresses, staticRegistry } from './registries/static-registry.js';
export type { Overrides, Registration, Registry, RegistryConnection, ServicesWatch, Watch } from './registry.js';
export type { Caller } from './routing/caller.js';
export { liveRouting, routing } from './routing/routing.js';
export { checkRouting, type RoutingOptions, routingDefaults, routingRules } from './routing/routing-options.js';
