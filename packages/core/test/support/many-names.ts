import { GripProxy } from '@p-8/core';

/** Run as a process of its own with a small heap: publishes very many items whose names are never used again. */

const [items = 0, nameBytes = 0, idBytes = 0] = process.argv.slice(2).map(Number);

const proxy = new GripProxy();
for (let i = 0; i < items; i++) {
  await proxy.publish(
    String(i).padEnd(nameBytes, 'x'),
    { 'http-stream': 'x' },
    { id: String(i).padEnd(idBytes, 'y') },
  );
}
process.stdout.write(String(proxy.limits().tables));
await proxy.close();
