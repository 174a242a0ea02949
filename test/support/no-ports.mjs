// Loaded before a program (`node --import`): it may not listen, on a port or anywhere else.
import net from 'node:net';

net.Server.prototype.listen = () => {
  throw new Error('This program is not to open a port.');
};
