/** From nothing to a first answer: registered, ready, called through the client stack. */
import * as fwk from '../fwk.mjs';
import { stock } from './contract.mjs';
import { app } from './fwk-service.mjs';

const { clientOf } = await fwk.http();
const { sku } = await app.get(clientOf(stock)).stock({ params: { sku: 'lamp' } });
process.stdout.write(`answered ${sku}\n`);
