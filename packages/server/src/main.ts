import { keepFreedMemory } from './allocator.js';
import { run } from './cli.js';

keepFreedMemory();
process.exit(await run(process.argv.slice(2)));
