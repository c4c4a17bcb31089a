// The same service in plain JavaScript: decorators are functions, and policies wrap functions.
import { config, setting } from '@fwk/config';
import { createApp, Injectable, inject } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { clientOf, contract, get, http, Serves } from '@fwk/http';
import { policy, resilience } from '@fwk/resilience';
import { z } from 'zod';

const greeter = contract('greeter', {
  version: '1.0.0',
  operations: {
    greet: get('/greet/:name', { params: z.object({ name: z.string() }), response: z.object({ text: z.string() }) }),
  },
});

class Greetings {
  greeting = setting('greeting', 'Hi');
  attempts = 0;

  greet = policy('greetings', { retry: { maxAttempts: 2 } }).wrap(async (name) => {
    this.attempts++;
    if (this.attempts === 1) throw new Error('the first attempt fails');
    return `${this.greeting.value} ${name}`;
  });
}
Injectable()(Greetings);

class Greeter {
  greetings = inject(Greetings);

  async greet({ params }) {
    return { text: await this.greetings.greet(params.name) };
  }
}
Serves(greeter)(Greeter);

async function main() {
  const app = createApp({
    name: 'greeter',
    version: '1.0.0',
    owner: 'team-hello',
    use: [
      config({ schema: z.object({ greeting: z.string() }), files: ['app.yaml'] }),
      resilience(),
      discovery({ registry: memoryRegistry() }),
      http({ serve: [Greeter], port: 0 }),
    ],
    providers: [Greetings],
  });
  await app.start();
  const { text } = await app.get(clientOf(greeter)).greet({ params: { name: 'matrix' } });
  const metrics = await (await fetch(`${app.managementUrl}/manage/metrics`)).text();
  await app.stop();
  if (!metrics.includes('process_cpu')) throw new Error('there are no metrics');
  console.log(`the service says: ${text}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
