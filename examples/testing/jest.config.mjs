export default {
  testMatch: ['**/jest.test.mjs'],
  // Nothing is compiled: Node's own modules do.
  transform: {},
};
