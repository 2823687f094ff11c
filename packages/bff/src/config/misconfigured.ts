/** The options cannot be used. The message lists everything that is wrong with them, and no secret. */
export class Misconfigured extends Error {
  override readonly name = 'Misconfigured'

  constructor(problems: readonly Misconfiguration[]) {
    super(problems.map(lineOf).join('\n'))
  }
}

/** One thing that is wrong with options, and the members that lead to it; none, if it is not in one place. */
export interface Misconfiguration {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function lineOf({ path, message }: Misconfiguration): string {
  return path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`
}
