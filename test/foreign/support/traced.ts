// A program of its own, since tracing changes Node's modules for a whole process: prints the spans that a few requests make.
import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { SpanKind } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const instrumentation = new HttpInstrumentation({
  // The requests of the test's own clients.
  ignoreOutgoingRequestHook: ({ headers }) =>
    (headers as Record<string, string> | undefined)?.['x-client'] === 'test',
});
registerInstrumentations({ tracerProvider: provider, instrumentations: [instrumentation] });
// The hook is told of modules that are required.
createRequire(import.meta.url)('http');
syncBuiltinESMExports();

const { MOUNTS } = await import('../../support/mounts.js');
const { hold } = await import('../../support/origin.js');
const { Stage } = await import('../../support/stage.js');
const { eventually, settle } = await import('../../support/eventually.js');

function get(port: number, path: string, onData: (text: string) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      { port, host: '127.0.0.1', path, headers: { 'X-Client': 'test' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
          onData(text);
        });
        response.on('end', () => resolve(text));
      },
    );
    request.on('error', reject);
  });
}

const result: Record<string, unknown> = {};
for (const mount of MOUNTS) {
  exporter.reset();
  const stage = new Stage();
  const { port, proxy } = await mount.open(stage, {
    listener: (req, res) => {
      if (req.url === '/stream') hold(res, 'stream', 'ch', { body: '[' });
      else if (req.url === '/poll') hold(res, 'response', 'ch');
      else res.end('plain');
    },
  });
  const bodies = [await get(port, '/plain')];
  const held = [get(port, '/stream'), get(port, '/poll')];
  await eventually(() => proxy.holds().length === 2, 'two holds');
  await proxy.publish('ch', { 'http-stream': 'item', 'http-response': 'item' });
  await proxy.publish('ch', { 'http-stream': { action: 'close' } });
  bodies.push(...(await Promise.all(held)));
  await settle(100);
  const served = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER);
  const paths = served.map(({ attributes }) => String(attributes['http.target'] ?? attributes['url.path']));
  result[mount.name] = { bodies, paths: paths.sort() };
  await stage.close();
}
console.log(JSON.stringify(result));
process.exit();
