/** A header field as it is written on the wire. */
export type Field = readonly [name: string, value: string];

/** The pairs of Node's flat `rawHeaders`. */
export function fieldsOf(rawHeaders: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    fields.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  }
  return fields;
}

/** The value of the first field called `name`, whatever the letter case. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  return fields.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
}
