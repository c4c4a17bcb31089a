import type { Instance, Memberships } from '@fwk/discovery';
import type { Env, Service, Status } from '@fwk/kernel';

export declare const env: Env;
export declare const instance: Instance;
export declare const known: Memberships;

export interface Request {
  readonly sku: string;
}
export interface Answer {
  readonly cents: number;
}
/** A connection to one instance. */
export declare class Session implements Service<Request, Answer> {
  constructor(url: string);
  call(request: Request): Promise<Answer>;
  status(): Status;
}
