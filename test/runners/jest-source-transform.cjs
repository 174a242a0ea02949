const { transformSync } = require('esbuild');

// Takes the types out of our sources.
module.exports = {
  process: (source, file) =>
    transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcefile: file,
      sourcemap: 'inline',
    }),
};
