import { canonicalJson } from '@signet/engine'
import type { Export, ServiceExport } from './format.ts'

/**
 * An export as text, piece by piece: canonical JSON (RFC 8785) but for the line breaks around the rows, so that tools that compare
 * lines see which row changed. The same state gives the same bytes.
 */
export function* textOf({ format, services, version }: Export): Generator<string> {
  yield `{"format":${canonicalJson(format)},"services":[`
  for (const [index, service] of services.entries()) {
    yield index === 0 ? '\n' : ',\n'
    yield* textOfService(service)
  }
  yield `],"version":${version}}\n`
}

function* textOfService(service: ServiceExport): Generator<string> {
  const members = Object.entries(service)
    .filter(([, member]) => member !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
  for (const [index, [name, member]] of members.entries()) {
    yield `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`
    if (Array.isArray(member)) yield* textOfRows(member)
    else yield canonicalJson(member)
  }
  yield '}'
}

function* textOfRows(rows: readonly unknown[]): Generator<string> {
  yield '['
  for (const [index, row] of rows.entries())
    yield `${index === 0 ? '\n' : ',\n'}${canonicalJson(row)}`
  yield rows.length === 0 ? ']' : '\n]'
}
