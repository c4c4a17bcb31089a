import type { Drill } from '../drill.js';
import { consul } from './consul.js';
import { kill } from './kill.js';
import { registryDown } from './registry-down.js';
import { rolling } from './rolling.js';

/** All drills. */
export const drills: readonly Drill[] = [kill, rolling, registryDown, consul];
