import type { EjectionOptions } from '../outlier/ejection-options.js';
import type { Balancer } from '../pick/balancer.js';
import type { Router } from '../pick/router.js';
import type { Undecided } from '../pick/undecided.js';
import type { Node } from './node.js';

/** How a set picks. */
export interface PickRules {
  readonly balancer: Balancer;
  /** Undefined: nothing is ever ejected. */
  readonly ejection: EjectionOptions | undefined;
  /** Undefined: a call may go to all of them. */
  readonly router: Router | undefined;
}

/** What is picked: a node, or a choice that takes time. */
export type Picked<Req, Res> = Node<Req, Res> | Undecided;
