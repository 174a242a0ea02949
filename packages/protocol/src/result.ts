/** What a parser of wire input returns: the value, or the reason why there is none. Wire input never throws. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

/** A {@link Result} that holds `value`. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** A {@link Result} that says why there is no value. */
export function fail(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}
