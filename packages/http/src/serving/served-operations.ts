/**
 * The operations of a contract as one service, innermost behind its server scope. A body that was not read before the layers
 * were asked is read here.
 */
import { type CallContext, contextScope, type Service } from '@fwk/kernel';
import type { ServedAnswer } from './answer.js';
import type { OperationWork } from './operation-handler.js';
import { ServedCall, type ServedRequest } from './served-request.js';

/** See the head of this file. */
export class ServedOperations implements Service<ServedRequest, ServedAnswer> {
  readonly #handlers: ReadonlyMap<string, OperationWork>;

  constructor(handlers: ReadonlyMap<string, OperationWork>) {
    this.#handlers = handlers;
  }

  call(request: ServedRequest, context: CallContext): Promise<ServedAnswer> {
    if (context.cancelled) return Promise.reject(context.reason);
    if (!(request instanceof ServedCall)) {
      return Promise.reject(new TypeError('a layer of the server handed on another request than it was given'));
    }
    return new Promise((resolve, reject) => {
      if (request.complete) this.#serve(request, context, resolve, reject);
      else this.#read(request, context, resolve, reject);
    });
  }

  status(): 'ready' {
    return 'ready';
  }

  #serve(
    { operation, request, exchange }: ServedCall,
    context: CallContext,
    answered: (answer: ServedAnswer) => void,
    failed: (error: unknown) => void,
  ): void {
    const handler = this.#handlers.get(operation) as OperationWork;
    const serve = () => handler.serve(request, context, exchange, { answered, failed });
    if (context === exchange.context) exchange.scope.run(serve);
    else contextScope(context).run(serve);
  }

  /** A caller that leaves amid its body ends the wait, and so does the deadline. */
  #read(
    call: ServedCall,
    context: CallContext,
    resolve: (answer: ServedAnswer) => void,
    reject: (error: unknown) => void,
  ): void {
    const { request } = call;
    const waiting = context.onCancel(reject);
    request.readBody(call.content, (error, body) => {
      waiting[Symbol.dispose]();
      if (error || context.cancelled) return reject(error ?? context.reason);
      request.body = body;
      call.complete = true;
      this.#serve(call, context, resolve, reject);
    });
  }
}
