// What a suite must not do: for the test of those who look.
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

it('opens a port', () => {
  createServer().listen(0);
});

it('takes long', () => setTimeout(1050));
