import assert from 'node:assert/strict';
import { create, createFileRegistry, type DescService, type MessageShape } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  file_google_protobuf_wrappers,
  StringValueSchema,
} from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { connectNodeAdapter, createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';

type Text = MessageShape<typeof StringValueSchema>;

/** What a generated client has. */
interface Client {
  say(text: { value: string }): Promise<Text>;
  count(text: { value: string }): AsyncIterable<Text>;
}

const TEXT = '.google.protobuf.StringValue';
const LARGE = 'x'.repeat(500_000);

/** What generated code has: a service whose methods take and give text. */
function describeService(): DescService {
  const method = { inputType: TEXT, outputType: TEXT };
  const file = create(FileDescriptorProtoSchema, {
    name: 'talk.proto',
    package: 'test',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [
      {
        name: 'Talk',
        method: [
          { ...method, name: 'Say' },
          { ...method, name: 'Count', serverStreaming: true },
        ],
      },
    ],
  });
  const service = createFileRegistry(file, () => file_google_protobuf_wrappers).getService('test.Talk');
  assert(service);
  return service;
}

const TALK = describeService();
const text = (value: string): Text => create(StringValueSchema, { value });

for (const mount of MOUNTS) {
  describe(`Connect RPC to ${mount.name}`, () => {
    const stage = useStage();
    let baseUrl: string;
    /** Has the server go on with its stream. */
    let goOn: () => void;

    beforeEach(async () => {
      const more = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const listener = connectNodeAdapter({
        routes: ({ service }) =>
          service(TALK, {
            say: ({ value }: Text) => {
              if (value === 'fail') throw new ConnectError('as it was asked to', Code.FailedPrecondition);
              return text(`${value} yourself`);
            },
            count: async function* () {
              yield text('1');
              await more;
              yield text('2');
            },
          } as never),
      });
      const { port } = await mount.open(stage(), { listener });
      baseUrl = `http://127.0.0.1:${port}`;
    });

    for (const [protocol, createTransport] of [
      ['Connect', createConnectTransport],
      ['gRPC-Web', createGrpcWebTransport],
    ] as const) {
      const client = (): Client =>
        createClient(TALK, createTransport({ baseUrl, httpVersion: '1.1' })) as unknown as Client;

      it(`answers a call by ${protocol}, a large one too`, async () => {
        for (const value of ['hello', LARGE])
          assert.equal((await client().say({ value })).value, `${value} yourself`);
      });

      it(`tells of an error by ${protocol}`, async () => {
        await assert.rejects(client().say({ value: 'fail' }), { code: Code.FailedPrecondition });
      });

      it(`streams by ${protocol}, each message as it comes`, async () => {
        const got: string[] = [];
        for await (const { value } of client().count({ value: '' })) {
          got.push(value);
          goOn();
        }
        assert.deepEqual(got, ['1', '2']);
      });
    }
  });
}
