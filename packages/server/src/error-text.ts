/** What the common system errors mean. */
const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such directory',
};

/** Says in a few words what went wrong: a system error's meaning or code, or the message of any other error. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = errorCode(error);
  // Other libraries have codes too, and their messages say more.
  return code !== undefined && /^E[A-Z]+$/.test(code) ? (MEANINGS[code] ?? code) : error.message;
}

/** The `code` of an error, where it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
