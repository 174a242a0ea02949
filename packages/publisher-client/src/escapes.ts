/**
 * Text as GRIP's `cstring` has it: `\\`, `\r`, `\n`, and `\xHH` for a tab.
 * @throws Error for any other control character.
 */
export function encodeCString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what cannot be encoded
  if (/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text)) throw new Error("can't encode");
  return (
    text
      .replaceAll('\\', '\\\\')
      .replaceAll('\r', '\\r')
      .replaceAll('\n', '\\n')
      // Theirs is \t, which no proxy knows. Source: Pushpin 1.36.
      .replaceAll('\t', '\\x09')
  );
}

/** Text whose double quotes stand behind a backslash. */
export function escapeQuotes(text: string): string {
  return text.replaceAll('"', '\\"');
}
