/** A request that a program answers. Its body is the program's to read. */
import type { ServerResponse } from 'node:http';
import type { Content } from '../contract/content.js';
import { HttpRequest, type HttpWire } from '../server/http-request.js';
import { leavesTooMuch } from '../server/read-body.js';
import type { ServedAnswer, WireAnswer } from '../serving/answer.js';
import type { BodyReader } from '../serving/incoming-request.js';
import type { RequestTarget } from '../serving/request-target.js';
import { answerOfKept } from './answer-copy.js';
import { keepBody } from './keep-body.js';
import type { ProgramResponse } from './program-response.js';
import { type ProgramRoute, paramsIn } from './program-routes.js';

/** What all requests of a guard share. */
export interface ProgramWire extends HttpWire {
  /** Whether answers shall end their connections. */
  readonly draining: () => boolean;
}

/** See the head of this file. */
export class ProgramRequest extends HttpRequest {
  readonly response: ProgramResponse;
  readonly #program: ProgramWire;
  readonly #pass: () => void;

  /** @param pass - hands the request to the program. */
  constructor(
    wire: ProgramWire,
    response: ProgramResponse,
    node: ServerResponse,
    target: RequestTarget,
    { plan }: ProgramRoute,
    pass: () => void,
  ) {
    super(wire, node, target, paramsIn(plan.template, target.path), undefined);
    this.response = response;
    this.#program = wire;
    this.#pass = pass;
  }

  /** Nothing is read before the layers are asked. */
  override get announcesBody(): boolean {
    return false;
  }

  override readBody(_content: Content, tell: BodyReader): void {
    tell(undefined, '');
  }

  get sent(): ServedAnswer | undefined {
    return this.response.sent;
  }

  pass(): void {
    this.#pass();
  }

  /** Reads the body for its fingerprint, and leaves it where it was for the program. */
  keepBody(tell: BodyReader): void {
    keepBody(this.response.node.req, this.#program.bodyLimitBytes, tell);
  }

  override answer(answer: WireAnswer): boolean {
    const { node } = this.response;
    const close = this.#program.draining() || leavesTooMuch(node.req, this.#program.bodyLimitBytes);
    const kept = typeof answer.body === 'object' ? answer : answerOfKept({ ...answer, body: answer.body });
    this.response.take(kept, close, this.#program.load?.());
    return false;
  }
}
