/** A second one of these ends the process at once. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;

/**
 * Milliseconds in which a second signal counts as the first one's echo: a terminal sends Ctrl-C to npm and to this process,
 * and npm passes it on.
 */
const ECHO = 100;

/**
 * Resolves with the first signal to end, that of Ctrl-C or SIGTERM; a second one ends the process. SIGHUP calls `reload`. Signals are
 * taken from the moment of the call.
 */
export function untilSignal(reload: () => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', reload);
  return new Promise((resolve) => {
    let first: number | undefined;
    const end = (signal: NodeJS.Signals): void => {
      if (first !== undefined && performance.now() - first > ECHO) process.exit(1);
      first ??= performance.now();
      resolve(signal);
    };
    for (const signal of ENDING) process.on(signal, end);
  });
}
