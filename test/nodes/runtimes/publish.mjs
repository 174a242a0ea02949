import { Publisher } from '@p-8/publisher-client';

/** Run by other runtimes than Node: publishes to the URL of a proxy, and prints what became of it. */
const [, , url] = process.argv;
const receipt = await new Publisher(url).publish('news', { 'http-stream': 'hello\n' });
console.log(JSON.stringify(receipt));
