import { basename, dirname, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';

/** Milliseconds after the first event of a change: an editor's write, rename and chmod are one reload. */
const SETTLE = 200;

/** Where Kubernetes keeps the current version of a mounted file: swapping this link changes the file without touching it. */
const MOUNT_LINK = '..data';

/** Calls back when a file was changed, replaced, removed or created. The directory is watched, so atomic replacement works. */
export class RoutesWatcher {
  readonly #watcher: FSWatcher;
  readonly #ready: Promise<void>;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, changed: () => void, failed: (error: unknown) => void) {
    const file = resolve(path);
    const directory = dirname(file);
    this.#watcher = watch(directory, {
      depth: 0,
      ignoreInitial: true,
      ignored: (seen) => seen !== directory && seen !== file && basename(seen) !== MOUNT_LINK,
    });
    this.#ready = new Promise((done) => this.#watcher.once('ready', () => done()));
    this.#watcher.on('all', (_event, seen) => {
      if (resolve(seen) === directory) return;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        changed();
      }, SETTLE).unref();
    });
    this.#watcher.on('error', failed);
  }

  /** Resolves when changes from now on are seen. */
  ready(): Promise<void> {
    return this.#ready;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher.close();
  }
}
