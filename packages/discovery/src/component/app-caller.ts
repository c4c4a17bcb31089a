import { type Live, type Token, token } from '@fwk/kernel';
import type { Endpoint } from '../membership/endpoint.js';

/** The application as its callees' routing knows it: where it runs, and who else calls from the same service. */
export interface AppCaller {
  readonly zone: string | undefined;
  /** Id of its instance. */
  readonly id: string;
  /** The endpoints of its own service; watching them begins with the first call of this. */
  peers(): Live<readonly Endpoint[]>;
}

/** Provided by `discovery()`. */
export const appCallerToken: Token<AppCaller> = token('the application as a caller');
