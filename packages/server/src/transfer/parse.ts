import { InvalidConfig, problemsOf } from '../config/problems.ts'
import { exportSchema, type Export, type ServiceExport } from './format.ts'
import { KINDS, nameOf, type Kind, type Rows } from './rows.ts'

/** More say nothing more. */
const MOST_PROBLEMS = 20
/** Far more than claims and key sets have. */
const MOST_LEVELS = 32

/**
 * Reads an export, and finds out whether it can be one. What is told of a problem is its place, never what stands there.
 *
 * @param source of the text, for whoever reads the problems
 * @throws InvalidConfig with the first problems.
 */
export function parseExport(text: string, source: string): Export {
  const checked = exportSchema.safeParse(jsonOf(text, source))
  if (!checked.success) throw invalid(source, problemsOf(checked.error, exportSchema))
  const problems = checked.data.services.flatMap((service, index) =>
    [...repetitions(service), ...strayIds(service)].map((line) => `services.${index}.${line}`),
  )
  const issuers = checked.data.services.map(({ issuer }) => issuer)
  if (new Set(issuers).size < issuers.length) problems.push('services: one issuer is there twice')
  if (problems.length > 0) throw invalid(source, problems)
  return checked.data
}

function jsonOf(text: string, source: string): unknown {
  const json = parsed(text, source)
  const problem = uncarried(json)
  if (problem !== undefined) throw new InvalidConfig(source, [`the file: ${problem}`])
  return json
}

function parsed(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // What V8 says quotes the text, and there are hashes of passwords in it.
    const [, at = ''] = /(\(line \d+ column \d+\))/.exec(String(error)) ?? []
    throw new InvalidConfig(source, [`the file: is not JSON ${at}`.trimEnd()])
  }
}

/** What could be read here and not be written there as it was. */
function uncarried(value: unknown, levels = MOST_LEVELS): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (levels === 0) return `is nested deeper than ${MOST_LEVELS} levels`
  if (Object.hasOwn(value, '__proto__')) return 'has a key __proto__'
  for (const member of Object.values(value)) {
    const problem = uncarried(member, levels - 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

function invalid(source: string, problems: readonly string[]): InvalidConfig {
  const more = problems.length - MOST_PROBLEMS
  const shown = problems.slice(0, MOST_PROBLEMS)
  return new InvalidConfig(source, more > 0 ? [...shown, `and ${more} more`] : shown)
}

/** Rows that take the place of others of the same file. */
function repetitions(service: ServiceExport): readonly string[] {
  const usernames = service.users.map(({ username }) => username)
  return [
    ...KINDS.flatMap((kind) => twice(namesOf(kind, service), kind)),
    ...twice(usernames, 'users', '.username'),
  ]
}

function namesOf<Each extends Kind>(
  kind: Each,
  service: { readonly [Any in Each]?: readonly Rows[Any][] | undefined },
): readonly string[] {
  return (service[kind] ?? []).map((row) => nameOf(kind, row))
}

function twice(all: readonly string[], kind: Kind, member = ''): readonly string[] {
  const seen = new Set<string>()
  return all.flatMap((one, index) => {
    const line = `${kind}.${index}${member}: is there twice`
    const again = seen.has(one)
    seen.add(one)
    return again ? [line] : []
  })
}

function strayIds({ clients }: ServiceExport): readonly string[] {
  return clients.flatMap(({ clientId, metadata }, index) =>
    metadata['client_id'] === clientId
      ? []
      : [`clients.${index}.metadata.client_id: is not the clientId`],
  )
}
