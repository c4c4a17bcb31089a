import type { Peer } from '../interop.js';
import { runCases } from '../run-cases.js';
import { build } from './build.js';
import { theirClientCases, withTheirClient } from './their-client.js';
import { theirServerCases, withTheirServer } from './their-server.js';

/** Finagle, from which Mux comes: its client calls our server, and our client calls its server. */
export const finagle: Peer = {
  name: 'finagle',
  about: 'Mux with a server and a client of Finagle; needs a JDK of at least 17 and Maven',
  async run(options) {
    const classpath = await build(options.say, options.signal);
    await withTheirClient(classpath, (scene) => runCases(theirClientCases, scene, 'they call us', options));
    await withTheirServer(classpath, (scene) => runCases(theirServerCases, scene, 'we call them', options));
  },
};
