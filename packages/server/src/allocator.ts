/** glibc takes no larger block into account: `DEFAULT_MMAP_THRESHOLD_MAX` is 32 MiB. */
const BYTES = 30 * 1024 * 1024;

/**
 * Has the C library keep what is freed, instead of giving it back to the system and taking it again page by page. The
 * blocks that large request bodies are read into are freed 32 MB at a time, whenever V8 collects them: without this, an upload
 * spends up to a third of its time on new pages.
 *
 * glibc raises its threshold for that to twice the size of the largest block that has been freed (mallopt(3), on
 * `M_MMAP_THRESHOLD`). So one is taken, which is never touched and so takes no memory, and is left to V8 to free. Other libraries do
 * not mind.
 */
export function keepFreedMemory(): void {
  Buffer.allocUnsafeSlow(BYTES);
}
