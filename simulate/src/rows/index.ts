import type { Row } from '../row.js';
import { churn } from './churn.js';
import { coldStart } from './cold.js';
import { greyFailure } from './grey.js';
import { limits } from './limits.js';
import { manyBalancers } from './many-balancers.js';
import { metastable } from './metastable.js';
import { panic } from './panic.js';
import { queueing } from './queueing.js';
import { ramp } from './ramp.js';
import { retryStorm } from './retry-storm.js';
import { sinkhole } from './sinkhole.js';
import { slowServer } from './slow-server.js';
import { subset } from './subset.js';
import { zones } from './zones.js';

/** All rows, in the order in which `all` runs them. */
export const rows: readonly Row[] = Object.freeze([
  queueing,
  slowServer,
  sinkhole,
  greyFailure,
  coldStart,
  panic,
  churn,
  manyBalancers,
  ramp,
  zones,
  subset,
  retryStorm,
  metastable,
  limits,
]);
