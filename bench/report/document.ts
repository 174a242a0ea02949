const BEGIN = '<!-- bench: written by npm run bench -- --write -->';
const END = '<!-- /bench -->';

/** Puts the report between the marks of a document. Throws when it has none. */
export function insertReport(document: string, report: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`no place for the report: the document lacks ${BEGIN}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${report}\n${document.slice(end)}`;
}
