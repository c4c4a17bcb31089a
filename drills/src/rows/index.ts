import type { Drill } from '../drill.js';
import { config } from './config.js';
import { consul } from './consul.js';
import { drain } from './drain.js';
import { kill } from './kill.js';
import { outage } from './outage.js';
import { registryDown } from './registry-down.js';
import { rolling } from './rolling.js';
import { stall } from './stall.js';
import { wires } from './wires.js';

/** All drills. */
export const drills: readonly Drill[] = [kill, stall, rolling, drain, wires, outage, registryDown, consul, config];
