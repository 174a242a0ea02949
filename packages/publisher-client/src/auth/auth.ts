/** Proves to a proxy who publishes. */
export interface IAuth {
  /** The value of `Authorization`. */
  buildHeader(): Promise<string>;
}
