/** Prints why the core cannot be loaded. */
import('@p-8/core').then(
  () => console.log('loaded'),
  ({ message }) => console.log(message),
);
