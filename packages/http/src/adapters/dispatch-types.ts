/** What undici hands to a dispatcher, in the forms of its versions 6 (as in Node 20 and 22) to 8. */
import type { Dispatcher } from 'undici';

/** A request as a dispatcher gets it. */
export type DispatchOptions = Dispatcher.DispatchOptions;

/** Where a request's answer goes; of the form that undici has had since version 7, or of the one that it has no more in 8. */
export type DispatchHandler = Dispatcher.DispatchHandler;

/** Sends a request; false asks the caller to wait for `drain`. */
export type Dispatch = (options: DispatchOptions, handler: DispatchHandler) => boolean;
