/** The requests by which instances and their checks are written into the agent of this machine. */
import { InstanceInvalidError } from '../../errors.js';
import { type AskConsul, type ConsulAnswer, wordsOf } from './consul-client.js';
import { type CheckStatus, checkIdOf } from './service-definition.js';

/** Speaks to one agent. */
export class AgentCalls {
  readonly #client: AskConsul;

  constructor(client: AskConsul) {
    this.#client = client;
  }

  /**
   * Registers an instance, or replaces what stands there under its id.
   * @param bodyFor - its definition, for an agent of today or for one older than Consul 1.9.
   * @throws InstanceInvalidError when Consul does not take it, with Consul's reason; nothing is changed then.
   */
  async register(id: string, bodyFor: (isOld: boolean) => object): Promise<void> {
    const put = (isOld: boolean) =>
      this.#client.ask({ method: 'PUT', path: '/agent/service/register', body: bodyFor(isOld), also: [400] });
    let answer = await put(false);
    // Asked anew each time: an agent may be replaced by a newer one.
    if (answer.status === 400 && /unknown field "TLSServerName"/.test(answer.text)) answer = await put(true);
    if (answer.status === 400) throw new InstanceInvalidError(id, [`Consul says: ${wordsOf(answer)}`]);
  }

  /** Takes an instance out; one that is not there is out. */
  async deregister(id: string): Promise<void> {
    const path = `/agent/service/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500) this.#allow(answer, /unknown service/i);
  }

  /**
   * Says that an instance lives. Answers false when the agent does not know its check, and when the token may not report it:
   * registering it again tells why, and the agent itself is not away.
   */
  async report(id: string, status: CheckStatus): Promise<boolean> {
    const path = `/agent/check/update/${encodeURIComponent(checkIdOf(id))}`;
    const answer = await this.#client.ask({ method: 'PUT', path, body: { Status: status }, also: [403, 404, 500] });
    if (answer.status === 500) this.#allow(answer, /does not have associated TTL|unknown check/i);
    return answer.status === 200;
  }

  /** Takes a check out; one that is not there is out. */
  async removeCheck(id: string): Promise<void> {
    const path = `/agent/check/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500) this.#allow(answer, /unknown check/i);
  }

  /** Older agents say by status 500 what newer ones say by 404. */
  #allow(answer: ConsulAnswer, words: RegExp): void {
    if (words.test(answer.text)) return;
    throw this.#client.unavailable(`it answered with status ${answer.status}: ${wordsOf(answer)}`);
  }
}
