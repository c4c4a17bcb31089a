/**
 * Finds out when the servers have lost what the agent still has, because somebody has removed an instance or its whole node from
 * the catalogue, or a server was restored from an older state. The agent compares itself with the servers once a minute or
 * less often, and until then nobody would find the instance. All of a node is asked for, which costs the servers the same
 * however many instances a service has.
 */
import { type Env, messageOf } from '@fwk/kernel';
import type { AskConsul } from '@fwk/kernel/consul';
import { isRecord } from './health-entries.js';

/** Looks at the catalogue in the background, one question at a time. */
export class CatalogLook {
  /** The name of the agent's node; nothing is looked at while it is not known. */
  node: string | undefined;
  readonly #client: AskConsul;
  readonly #env: Env;
  readonly #onMissing: (ids: readonly string[]) => void;
  #looking = false;
  /** The servers have told of the node since it was last found missing. */
  #told = false;

  /** @param onMissing - told which instances are missing, when some are. */
  constructor(client: AskConsul, env: Env, onMissing: (ids: readonly string[]) => void) {
    this.#client = client;
    this.#env = env;
    this.#onMissing = onMissing;
  }

  /** Looks whether the servers know these instances, which the agent has and which they knew before. */
  async look(ids: readonly string[]): Promise<void> {
    if (this.#looking || this.node === undefined || ids.length === 0) return;
    this.#looking = true;
    await this.#look(ids, this.node);
    this.#looking = false;
  }

  async #look(ids: readonly string[], node: string): Promise<void> {
    try {
      const { text, led } = await this.#client.ask({
        path: `/catalog/node/${encodeURIComponent(node)}`,
        query: { stale: 1 },
      });
      const found = this.#client.parse(text);
      // Without a leader the answer may be old.
      if (!led) return;
      const services = isRecord(found) && isRecord(found.Services) ? found.Services : undefined;
      // Of a node that is gone Consul says as little as of one that the token may not read.
      if (!services && !this.#told) return;
      this.#told = services !== undefined;
      const known = services ?? {};
      const missing = ids.filter((id) => !Object.hasOwn(known, id));
      if (missing.length > 0) this.#onMissing(missing);
    } catch (error) {
      this.#env.logger.debug({ reason: messageOf(error) }, 'Consul does not say what its servers know of this node');
    }
  }
}
