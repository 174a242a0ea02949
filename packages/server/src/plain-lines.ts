/** A text that people write, with whatever editor: without the byte order mark, and with line feeds for all line ends. */
export function plainLines(text: string): string {
  return text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
}
