// CommonJS in TypeScript.
import grip = require('@p-8/publisher-client');
import testing = require('@p-8/testing');

async function main(): Promise<void> {
  const t: testing.GripTest = await testing.createGripTest(() => new Response('hello'));
  await new grip.Publisher('http://localhost:5561/').publishHttpStream('news', 'hello\n');
  await t.close();
  if (t.published[0]?.channel !== 'news') throw new Error('not published');
}

void main();
