// An app in TypeScript that publishes, as @fanoutio/grip's users write it, and in the shorter way.
import {
  Channel,
  type GripConfig,
  GripInstruct,
  HttpResponseFormat,
  HttpStreamFormat,
  type IGripConfig,
  Item,
  PublishException,
  Publisher,
  parseGripUri,
  type Receipt,
  sse,
  WebSocketMessageFormat,
} from '@p-8/publisher-client';
import { buildFanoutGripConfig } from '@p-8/publisher-client/fastly-fanout';
import { isNodeReqWsOverHttp } from '@p-8/publisher-client/node';

const bodies: string[] = [];
const authorizations: (string | null)[] = [];
const send: typeof fetch = async (input, init) => {
  const request = new Request(input, init);
  bodies.push(await request.text());
  authorizations.push(request.headers.get('authorization'));
  return new Response('Published\n', { status: request.url.startsWith('http://localhost/') ? 200 : 503 });
};

const config: IGripConfig = parseGripUri('http://localhost/?iss=app&key=secret');
const publisher = new Publisher(config, { fetch: send, prefix: 'app-' });
await publisher.publishHttpStream('news', 'hello\n');
await publisher.publishHttpResponse('news', new HttpResponseFormat({ body: 'hello\n' }), '2', '1');
await publisher.publishFormats('news', [
  new HttpStreamFormat('hello\n'),
  new WebSocketMessageFormat('hello'),
]);
await publisher.publish('news', new Item(new HttpStreamFormat('hello\n'), '3', '2'));
const receipt: Receipt | undefined = await publisher.publish(
  'news',
  { 'http-stream': sse({ data: 'hello' }), 'ws-message': 'hello' },
  { id: '4', 'prev-id': '3' },
);
check(receipt === undefined, 'a proxy that gives no receipt');
check(
  bodies.length === 5 && bodies.every((body) => body.includes('"app-news"')),
  'five items with the prefix',
);
check(
  authorizations.every((value) => value?.startsWith('Bearer ey')),
  'tokens',
);

const down: GripConfig = 'http://down.test/';
const error: unknown = await new Publisher(down, { fetch: send, retries: 0 })
  .publishHttpStream('news', 'hello\n')
  .catch((reason: unknown) => reason);
check(error instanceof PublishException && error.context.statusCode === 503, 'a PublishException');

const instruct = new GripInstruct(new Channel('news', '4'));
instruct.setHoldStream();
check(instruct.toHeaders()['Grip-Channel'] === 'news; prev-id=4', 'an instruct');
check(isNodeReqWsOverHttp({ method: 'GET', headers: {} }) === false, 'the entry for Node');
check(buildFanoutGripConfig({ serviceId: 'x', apiToken: 'y' }).key === 'y', 'the entry for Fastly');

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not as expected: ${what}`);
}
