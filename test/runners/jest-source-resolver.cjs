// TypeScript imports what it will be compiled to: `./name.js` is `./name.ts`.
module.exports = (request, options) => {
  const isSource = /[\\/]packages[\\/][^\\/]+[\\/]src[\\/]?/.test(options.basedir) && request.startsWith('.');
  return options.defaultResolver(isSource ? request.replace(/\.js$/, '.ts') : request, options);
};
