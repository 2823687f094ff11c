/** The values of all header fields of a name, which must be given in lower case; `headers` as `rawHeaders` of Node. */
export function fieldsOf(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const field = headers[at] ?? ''
    if (field.length === name.length && field.toLowerCase() === name)
      values.push(headers[at + 1] ?? '')
  }
  return values
}
