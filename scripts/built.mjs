/** Before any test: builds, since tests of processes start built programs. Tests of sources run even if it fails. */
import { ensureBuilt } from './prepare.mjs';

export default async function buildFirst() {
  await ensureBuilt();
}
