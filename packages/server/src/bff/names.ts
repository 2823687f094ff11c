/** What the file calls differently, beside writing `public_origin` for `publicOrigin`: it names files, not what they hold. */
const IN_FILE: Readonly<Record<string, string>> = {
  ca: 'trusted_cas',
  'client.keys': 'key_files',
  'client.decryptionKeys': 'decryption_key_files',
  'sessions.keys': 'key_files',
}

/** A name as the file writes it, for the compiler: `publicOrigin` is `public_origin`. */
export type Snake<Name extends string> = Name extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Lowercase<Letter> ? Letter : `_${Lowercase<Letter>}`}${Snake<Rest>}`
  : Name

/** Where in the file an option stands: `frontends.0.publicOrigin` is `frontends.0.public_origin`. */
export function placeInFile(path: readonly PropertyKey[]): string {
  return path
    .map((step, depth) => {
      const name = String(step)
      const whole = path.slice(0, depth + 1).join('.')
      return IN_FILE[whole] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    })
    .join('.')
}

/** What is in it has names of its own, in the file too. */
const FOREIGN = 'jwks'

/** Settings under the names of the options, at any depth. What is `undefined` becomes absent. */
export function withOptionNames(settings: object): object {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [optionName(name), name === FOREIGN ? value : renamed(value)]),
  )
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed)
  return typeof value === 'object' && value !== null ? withOptionNames(value) : value
}

function optionName(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
