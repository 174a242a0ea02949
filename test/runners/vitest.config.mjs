// For vitest, where the packages are to be loaded from their sources.
export default {
  test: { include: ['**/*.test.mjs'], globals: true },
  ssr: { resolve: { conditions: ['@p-8/source', 'node', 'module-sync', 'default'] } },
};
