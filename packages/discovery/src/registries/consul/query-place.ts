/** What the questions of a registry need, beyond those of anybody who asks Consul. */
import type { QueryListener, QueryPlace } from '@fwk/kernel/consul';
import type { ConsulOptions } from './consul-options.js';

/** What questions need of their registry. */
export interface RegistryQueryPlace extends QueryPlace {
  readonly options: ConsulOptions;
}

/** Hears of one service, by a question of its own or by the shared one. */
export interface ServiceListener extends Pick<QueryListener, 'onFailure'> {
  /** As of a question of its own. */
  onAnswer(value: unknown, led: boolean): void;
}
