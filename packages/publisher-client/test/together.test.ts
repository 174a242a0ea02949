import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import * as ours from '@p-8/publisher-client';

// The compiler reads this too: what is assigned here is of the other library's type.

type Fetch = NonNullable<theirs.PublisherClientOptions['fetch']>;

/** A publisher's fetch that keeps what is sent, and the bodies. */
function recorder(): { bodies: unknown[]; fetch: Fetch } {
  const bodies: unknown[] = [];
  const fetch: Fetch = async (_url, init) => {
    bodies.push(JSON.parse(String(init?.body)));
    return new Response('Published\n');
  };
  return { bodies, fetch };
}

const GRIP: ours.IGripConfig = { control_uri: 'http://127.0.0.1:1/' };

describe('@p-8/publisher-client and @fanoutio/grip together', () => {
  const expected = {
    items: [
      {
        channel: 'a',
        formats: {
          'http-stream': { content: 'x' },
          'ws-message': { content: 'y' },
          'http-response': { body: 'z' },
        },
        id: '2',
        'prev-id': '1',
      },
    ],
  };

  it('publish items of ours with theirs', async () => {
    const { bodies, fetch } = recorder();
    const config: theirs.IGripConfig = GRIP;
    const formats: theirs.IFormat[] = [
      new ours.HttpStreamFormat('x'),
      new ours.WebSocketMessageFormat('y'),
      new ours.HttpResponseFormat({ body: 'z' }),
    ];
    const item: theirs.IItem = new ours.Item(formats, '2', '1');
    const publisher = new theirs.Publisher(config, { fetch });
    await publisher.publish('a', item);
    await publisher.publishFormats('a', formats, '2', '1');
    assert.deepEqual(bodies, [expected, expected]);
  });

  it('publish items of theirs with ours', async () => {
    const { bodies, fetch } = recorder();
    const config: ours.IGripConfig = theirs.parseGripUri('http://127.0.0.1:1/');
    const formats: ours.IFormat[] = [
      new theirs.HttpStreamFormat('x'),
      new theirs.WebSocketMessageFormat('y'),
      new theirs.HttpResponseFormat({ body: 'z' }),
    ];
    const item: ours.IItem = new theirs.Item(formats, '2', '1');
    const publisher = new ours.Publisher(config, { fetch });
    await publisher.publish('a', item);
    await publisher.publishFormats('a', formats, '2', '1');
    assert.deepEqual(bodies, [expected, expected]);
  });

  it('publish by clients of the other', async () => {
    const { bodies, fetch } = recorder();
    const config = { ...GRIP, verify_key: ours.PUBLIC_KEY_FASTLY_FANOUT_JWK, verify_iss: 'a' };
    // Ours resolves to a receipt.
    const ourClient: Omit<theirs.IPublisherClient, 'publish'> = new ours.PublisherClient(config, { fetch });
    const theirClient: ours.IPublisherClient = new theirs.PublisherClient(config, { fetch });
    const [our, their] = [new ours.Publisher(), new theirs.Publisher()];
    our.addClient(theirClient);
    their.addClient(ourClient as theirs.IPublisherClient);
    for (const publisher of [our, their]) {
      await publisher.publishHttpStream('a', 'x');
      assert.deepEqual(await publisher.validateGripSig('forged'), {
        isProxied: false,
        needsSigned: true,
        isSigned: false,
      });
    }
    assert.deepEqual(bodies[0], { items: [{ channel: 'a', formats: { 'http-stream': { content: 'x' } } }] });
    assert.deepEqual(bodies[1], bodies[0]);
  });

  it('have types that fit', () => {
    const auth: theirs.Auth.IAuth = new ours.Auth.Bearer('a');
    const event: theirs.IWebSocketEvent = new ours.WebSocketEvent('TEXT', 'a');
    const our: ours.IWebSocketEvent = new theirs.WebSocketEvent('TEXT', 'a');
    const context: Omit<theirs.WebSocketContext, '_inEvents'> = new ours.WebSocketContext('a', {}, [
      event,
      our,
    ]);
    const instruct: Omit<theirs.GripInstruct, 'channels' | 'addChannel'> = new ours.GripInstruct();
    const channel: theirs.IExportedChannel = new ours.Channel('a').export();
    const exported: theirs.IItemExport = new ours.Item(new ours.HttpStreamFormat('a')).export();
    const pem: theirs.PemKey = new ours.PemKey(ours.PUBLIC_KEY_FASTLY_FANOUT_PEM);
    const jwk: theirs.JwkKey = new ours.JwkKey(ours.PUBLIC_KEY_FASTLY_FANOUT_JWK);
    const publisher: Pick<
      theirs.Publisher,
      'publishFormats' | 'publishHttpResponse' | 'publishHttpStream' | 'validateGripSig'
    > = new ours.Publisher(GRIP) as never;
    for (const value of [auth, context, instruct, channel, exported, pem, jwk, publisher]) assert.ok(value);
  });
});
