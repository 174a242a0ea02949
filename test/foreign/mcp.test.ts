import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { eventually } from '../support/eventually.js';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';

/** An MCP server of one session: it counts, tells of its progress meanwhile, and says something unasked. */
class Counter {
  readonly #server = new McpServer({ name: 'counter', version: '1.0.0' }, { capabilities: { logging: {} } });
  readonly #transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => randomUUID() });

  constructor() {
    this.#server.registerTool('count', {}, async ({ _meta, sendNotification }) => {
      for (let progress = 1; progress <= 3; progress++) {
        const params = { progress, progressToken: _meta?.progressToken ?? 0 };
        await sendNotification({ method: 'notifications/progress', params });
      }
      return { content: [{ type: 'text', text: 'three' }] };
    });
  }

  async start(): Promise<void> {
    await this.#server.connect(this.#transport as Transport);
  }

  readonly listener: RequestListener = (req, res) => void this.#transport.handleRequest(req, res);

  async say(data: string): Promise<void> {
    await this.#server.server.sendLoggingMessage({ level: 'info', data });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

for (const mount of MOUNTS) {
  describe(`MCP by streamable HTTP to ${mount.name}`, () => {
    const stage = useStage();

    it('calls a tool, hears of its progress, and of what the server says unasked', async () => {
      const counter = new Counter();
      await counter.start();
      const { port } = await mount.open(stage(), { listener: counter.listener });
      const client = new Client({ name: 'test', version: '1.0.0' });
      const heard: unknown[] = [];
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => {
        heard.push(params.data);
      });
      try {
        const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`));
        await client.connect(transport as Transport);
        const { tools } = await client.listTools();
        assert.deepEqual(
          tools.map(({ name }) => name),
          ['count'],
        );
        const progress: number[] = [];
        const { content } = await client.callTool({ name: 'count' }, undefined, {
          onprogress: ({ progress: done }) => progress.push(done),
        });
        assert.deepEqual(content, [{ type: 'text', text: 'three' }]);
        assert.deepEqual(progress, [1, 2, 3]);
        // The stream of what the server says unasked is opened at some time after the session.
        let said = 0;
        await eventually(() => {
          if (heard.length === 0) void counter.say(`message ${++said}`);
          return heard.length > 0;
        }, 'a message');
        assert.match(String(heard[0]), /^message \d+$/);
      } finally {
        await client.close();
        await counter.close();
      }
    });
  });
}
