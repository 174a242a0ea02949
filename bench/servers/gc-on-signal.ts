// Imported by servers of Node: memory is measured without what only waits to be collected.
process.on('SIGUSR2', () => {
  const { gc } = globalThis;
  gc?.();
  gc?.();
});
