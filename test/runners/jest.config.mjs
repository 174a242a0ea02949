import path from 'node:path';

/** For jest, where the packages are to be loaded from their sources. */
export default {
  rootDir: path.resolve(import.meta.dirname, '../..'),
  roots: ['<rootDir>/examples/testing', '<rootDir>/test/runners'],
  testMatch: ['**/*.test.mjs'],
  testEnvironmentOptions: { customExportConditions: ['@p-8/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  resolver: '<rootDir>/test/runners/jest-source-resolver.cjs',
  transform: { '/packages/[^/]+/src/.*\\.ts$': '<rootDir>/test/runners/jest-source-transform.cjs' },
};
