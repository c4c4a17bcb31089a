/** The requests that register instances and their checks with the agent of this machine. */
import { type AskConsul, type ConsulAnswer, wordsOf } from '@fwk/kernel/consul';
import { InstanceInvalidError } from '../../errors.js';
import { type CheckStatus, checkIdOf } from './service-definition.js';

/** Speaks to one agent. */
export class AgentCalls {
  readonly #client: AskConsul;

  constructor(client: AskConsul) {
    this.#client = client;
  }

  /**
   * Registers an instance, or replaces what stands there under its id.
   * @param bodyFor - makes its definition; `isOld` says that the agent is older than Consul 1.9.
   * @throws InstanceInvalidError when Consul refuses it, with Consul's reason; nothing is changed then.
   */
  async register(id: string, bodyFor: (isOld: boolean) => object): Promise<void> {
    const put = (isOld: boolean) =>
      this.#client.ask({ method: 'PUT', path: '/agent/service/register', body: bodyFor(isOld), also: [400] });
    let answer = await put(false);
    // The answer is not remembered: an agent may be replaced by a newer one.
    if (answer.status === 400 && /unknown field "TLSServerName"/.test(answer.text)) answer = await put(true);
    if (answer.status === 400) throw new InstanceInvalidError(id, [`Consul says: ${wordsOf(answer)}`]);
  }

  /** Deregisters an instance. It is no error when the agent does not have it. */
  async deregister(id: string): Promise<void> {
    const path = `/agent/service/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500) this.#allow(answer, /unknown service/i);
  }

  /**
   * Reports the status of an instance. Returns false when the agent does not know its check, and when the token may not report
   * it: registering it again tells why, and the agent still counts as reachable.
   */
  async report(id: string, status: CheckStatus): Promise<boolean> {
    const path = `/agent/check/update/${encodeURIComponent(checkIdOf(id))}`;
    const answer = await this.#client.ask({ method: 'PUT', path, body: { Status: status }, also: [403, 404, 500] });
    if (answer.status === 500) this.#allow(answer, /does not have associated TTL|unknown check/i);
    return answer.status === 200;
  }

  /** Deregisters a check. It is no error when the agent does not have it. */
  async removeCheck(id: string): Promise<void> {
    const path = `/agent/check/deregister/${encodeURIComponent(id)}`;
    const answer = await this.#client.ask({ method: 'PUT', path, also: [404, 500] });
    if (answer.status === 500) this.#allow(answer, /unknown check/i);
  }

  /** Accepts a status 500 by which older agents say what newer ones say by 404; throws for any other. */
  #allow(answer: ConsulAnswer, words: RegExp): void {
    if (words.test(answer.text)) return;
    throw this.#client.unavailable(`it answered with status ${answer.status}: ${wordsOf(answer)}`);
  }
}
