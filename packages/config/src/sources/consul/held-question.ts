/**
 * One question about keys in Consul, which Consul holds until something changes; whoever watches is told then. Loads share the
 * client with it, and hear what it heard: as long as nothing was missed between two loads, the second need not read all anew.
 */
import type { CallContext, Env } from '@fwk/kernel';
import {
  blockingQuery,
  type ConsulAnswer,
  ConsulClient,
  type ConsulErrors,
  type Query,
  type Question,
  tokenSource,
} from '@fwk/kernel/consul';
import type { SourceContext } from '../../source/source.js';
import type { ConsulPlace } from './consul-options.js';

/** What Consul said when something had changed. */
export interface Heard {
  /** The parsed answer; null when there is nothing. */
  readonly value: unknown;
  readonly index: number;
}

/** What a load has read. */
export interface Read<T> {
  readonly result: T;
  /** The state that it shows. */
  readonly index: number;
}

/** Asks the same Consul, for one load. */
export interface Asker extends Pick<ConsulClient, 'parse' | 'unavailable'> {
  /** A 404 is an answer too. */
  ask(question: Question): Promise<ConsulAnswer>;
}

interface Following {
  readonly client: ConsulClient;
  readonly query: Query;
}

/** The question of one source. */
export class HeldQuestion {
  readonly #place: ConsulPlace;
  readonly #question: Question;
  readonly #errors: ConsulErrors;
  readonly #watchers = new Set<() => void>();
  #following: Following | undefined;
  /** What was heard since the last load began. */
  #heard: Heard | undefined;
  /** Rises with everything after which something may have been missed: a failure, another token, an index that goes back. */
  #doubts = 0;
  /** The last load that went well; undefined when the last one failed. */
  #loaded: { readonly index: number; readonly doubts: number } | undefined;
  #loads = 0;
  /** Settles when no load is under way. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(place: ConsulPlace, question: Question, errors: ConsulErrors) {
    this.#place = place;
    this.#question = question;
    this.#errors = errors;
  }

  /**
   * Loads, after the loads that were asked for before.
   * @param read - is given what was heard since the last load; undefined when everything must be read anew.
   */
  load<T>(
    { env, call }: SourceContext,
    read: (asker: Asker, heard: Heard | undefined) => Promise<Read<T>>,
  ): Promise<T> {
    this.#waiting++;
    const turn = this.#turn
      .then(() => this.#load(env, call, read))
      .finally(() => {
        this.#waiting--;
        this.#tellWhatIsNew();
      });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  watch(changed: () => void, env: Env): Disposable {
    const watcher = () => changed();
    this.#watchers.add(watcher);
    this.#following ??= this.#follow(env);
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size > 0) return;
        this.#following?.query[Symbol.dispose]();
        this.#following?.client.close();
        this.#following = undefined;
      },
    };
  }

  async #load<T>(env: Env, call: CallContext, read: (asker: Asker, heard: Heard | undefined) => Promise<Read<T>>) {
    if (call.cancelled) throw call.reason;
    const following = this.#following;
    const client = following?.client ?? this.#connect(env);
    const doubts = this.#doubts;
    const missedNothing = following !== undefined && this.#loaded?.doubts === doubts;
    const heard = missedNothing ? this.#heard : undefined;
    this.#heard = undefined;
    this.#loaded = undefined;
    try {
      const asker: Asker = {
        ask: (question) => client.ask({ ...this.#whole(question), context: call }),
        parse: (text) => client.parse(text),
        unavailable: (problem, cause) => client.unavailable(problem, cause),
      };
      const { result, index } = await read(asker, heard);
      this.#loaded = { index, doubts };
      return result;
    } finally {
      this.#loads++;
      if (!following) client.close();
    }
  }

  #whole(question: Question): Question {
    const { datacenter } = this.#place.options;
    const query = { ...question.query, ...(datacenter !== undefined && { dc: datacenter }) };
    return { ...question, query, also: [404], consistent: true };
  }

  #connect(env: Env, onReplaced?: () => void): ConsulClient {
    const { options } = this.#place;
    const client = new ConsulClient(options, tokenSource(options, env.logger, onReplaced), env, this.#errors);
    client.open();
    return client;
  }

  #follow(env: Env): Following | undefined {
    let client: ConsulClient;
    try {
      client = this.#connect(env, () => {
        // Another token may see what the last one could not, at the same index.
        this.#doubts++;
        query.restart();
      });
    } catch {
      // Files of TLS that cannot be used; the load says so, which meets them too.
      return undefined;
    }
    let value: unknown = null;
    const { options } = this.#place;
    const query = blockingQuery({ client, options, env, suspect() {} }, this.#whole(this.#question), {
      onAnswer: (answer, _led, index) => {
        if (answer !== undefined) value = answer;
        if (index < (this.#loaded?.index ?? 0)) this.#doubts++;
        this.#heard = { value, index };
        this.#tellWhatIsNew();
      },
      onFailure: () => {
        this.#doubts++;
        this.#heard = undefined;
        // Once: whoever loads knows by then.
        if (this.#loaded && this.#waiting === 0) this.#tell();
      },
    });
    return { client, query };
  }

  /** Nothing is told of what the first load, or the one that is under way, will read anyway. */
  #tellWhatIsNew(): void {
    if (this.#waiting > 0 || this.#loads === 0 || !this.#heard) return;
    const isKnown = this.#heard.index === this.#loaded?.index && this.#doubts === this.#loaded.doubts;
    if (!isKnown) this.#tell();
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
