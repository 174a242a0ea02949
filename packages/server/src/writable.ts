/** Readonly fields made writable, for objects that are filled step by step. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };
