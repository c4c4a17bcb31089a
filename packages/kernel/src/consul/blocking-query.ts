/**
 * A question that Consul holds until its answer changes, asked again and again. The rules are Consul's own and what its
 * clients have learnt: a return is not a change, so contents are compared; an index that goes back starts anew; an answer
 * without index is none; a state that changes all the time is not asked for all the time (token bucket); and whatever
 * happens it goes on, after a pause drawn at random.
 */
import { type Cancellable, cancellable } from '../context/call-context.js';
import { messageOf } from '../errors/fwk-error.js';
import type { Env } from '../service/service.js';
import { backoffBound, jittered } from '../time/backoff.js';
import { TokenBucket } from '../time/token-bucket.js';
import type { ConsulAgentOptions } from './agent-options.js';
import type { ConsulClient, Question } from './consul-client.js';
import { Pause } from './pause.js';

const BURST = 2;
const PACE_MS = 10;
/** A rest for each millisecond that reading an answer took, so that long lists in turmoil take no more than a fifth of a core. */
const REST_SHARE = 4;
const FIRST_PAUSE_MS = 50;

/** Why an answer is stale that servers gave which have no leader. */
export const noLeader = 'Consul has no leader; the answer may be old';

/** Hears what a question brings. */
export interface QueryListener {
  /**
   * @param value - the parsed answer; undefined when it is the same as the last, null when Consul has nothing there.
   * @param led - false while Consul has no leader, so that the answer may be old.
   * @param index - the state that the answer shows.
   * What it throws counts as a failure.
   */
  onAnswer(value: unknown, led: boolean, index: number): void;
  /** What was last answered may no longer be true. */
  onFailure(reason: string): void;
}

/** A question that is kept open. */
export interface Query extends Disposable {
  /** Asks again at once: what is under way may be waiting for an agent that is gone. */
  restart(): void;
}

/** What queries need of whoever asks. */
export interface QueryPlace {
  readonly client: ConsulClient;
  readonly options: ConsulAgentOptions;
  readonly env: Env;
  /** Told of each failure, since it may mean that the agent is gone. */
  suspect(): void;
}

/** Starts asking. */
export function blockingQuery(place: QueryPlace, question: Question, listener: QueryListener): Query {
  const query = new BlockingQuery(place, question, listener);
  query.run().catch((error: unknown) => place.env.logger.error({ err: error }, 'a question to Consul was given up'));
  return query;
}

class BlockingQuery implements Query {
  readonly #place: QueryPlace;
  readonly #question: Question;
  readonly #listener: QueryListener;
  readonly #life = cancellable();
  readonly #pause: Pause;
  #asking: Cancellable | undefined;
  #index = 0;
  /** The last answer that was taken. */
  #text: string | undefined;
  #restMs = 0;

  constructor(place: QueryPlace, question: Question, listener: QueryListener) {
    this.#place = place;
    this.#question = question;
    this.#listener = listener;
    this.#pause = new Pause(place.env.clock);
  }

  restart(): void {
    this.#index = 0;
    this.#asking?.cancel();
    this.#pause.end();
  }

  [Symbol.dispose](): void {
    this.#life.cancel();
  }

  async run(): Promise<void> {
    const { env, options } = this.#place;
    const { context } = this.#life;
    const pace = new TokenBucket({ burst: BURST, perMs: 1 / PACE_MS }, env.clock.now());
    let failures = 0;
    while (!context.cancelled) {
      const asking = cancellable(context);
      try {
        const delayMs = Math.max(pace.reserve(env.clock.now()), this.#restMs);
        if (delayMs >= 1) await this.#pause.wait(delayMs, context);
        this.#asking = asking;
        await this.#ask(asking);
        failures = 0;
      } catch (error) {
        if (context.cancelled) return;
        // The next answer must come at once, to say whether what is known is still true.
        this.#index = 0;
        if (asking.context.cancelled) continue;
        this.#listener.onFailure(messageOf(error));
        this.#place.suspect();
        const boundMs = backoffBound(failures++, { baseMs: FIRST_PAUSE_MS, capMs: options.maxPauseMs });
        await this.#pause.wait(jittered(boundMs, 1, env.random), context).catch(() => {});
      } finally {
        asking[Symbol.dispose]();
      }
    }
  }

  async #ask({ context }: Cancellable): Promise<void> {
    const { client, options } = this.#place;
    const held = this.#index > 0;
    const { waitMs } = options;
    const answer = await client.ask({
      ...this.#question,
      context,
      query: {
        ...(!this.#question.consistent && { stale: 1 }),
        ...this.#question.query,
        ...(held && { index: this.#index, wait: `${Math.round(waitMs)}ms` }),
      },
      // Consul itself adds up to a sixteenth, so that not all come back at once.
      heldMs: held ? waitMs + waitMs / 16 : 0,
    });
    if (context.cancelled) return;
    if (answer.index === undefined) throw client.unavailable('it answered without X-Consul-Index');
    const startMs = this.#place.env.clock.now();
    const changed = answer.text !== this.#text;
    const value = answer.status === 404 ? null : changed ? client.parse(answer.text) : undefined;
    this.#listener.onAnswer(value, answer.led, answer.index);
    this.#text = answer.text;
    this.#restMs = (this.#place.env.clock.now() - startMs) * REST_SHARE;
    // An index of nought would be answered at once, for ever.
    this.#index = answer.index < this.#index ? 0 : Math.max(1, answer.index);
  }
}
