// A service as a stranger writes it, with decorators. It starts, calls itself through discovery and the client, and stops.
import { config, Setting } from '@fwk/config';
import { createApp, Injectable, inject } from '@fwk/core';
import { discovery, memoryRegistry } from '@fwk/discovery';
import { type Call, clientOf, contract, get, type Handlers, http, Serves } from '@fwk/http';
import { Retry, resilience } from '@fwk/resilience';
import { z } from 'zod';

const greeter = contract('greeter', {
  version: '1.0.0',
  operations: {
    greet: get('/greet/:name', { params: z.object({ name: z.string() }), response: z.object({ text: z.string() }) }),
  },
});

@Injectable()
class Greetings {
  private attempts = 0;

  @Setting('greeting') get greeting(): string {
    return 'Hi';
  }

  @Retry({ maxAttempts: 2 })
  async greet(name: string): Promise<string> {
    this.attempts++;
    if (this.attempts === 1) throw new Error('the first attempt fails');
    return `${this.greeting} ${name}`;
  }
}

@Serves(greeter)
class Greeter implements Handlers<typeof greeter> {
  private readonly greetings = inject(Greetings);

  async greet({ params }: Call<typeof greeter, 'greet'>): Promise<{ text: string }> {
    return { text: await this.greetings.greet(params.name) };
  }
}

async function main(): Promise<void> {
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

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
