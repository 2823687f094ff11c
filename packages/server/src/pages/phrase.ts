/** A translated sentence with a place for every named value; without the place it does not compile. */
export type Phrase<Name extends string> = string &
  (Place<Name> extends (sentence: infer Sentence) => void ? Sentence : never)

/** One function per name: what fits as the argument of all of them has all the places. */
type Place<Name extends string> = Name extends string
  ? (sentence: `${string}{${Name}}${string}`) => void
  : never

/** A piece of a sentence: ours, or a foreign name that is set apart from it. */
export interface Part {
  readonly text: string
  readonly foreign: boolean
}

/** Puts the values in their places, so that a template can set each of them apart. */
export function phrase<Name extends string>(
  sentence: Phrase<Name>,
  values: Readonly<Record<Name, string>>,
): readonly Part[] {
  const known: Readonly<Record<string, string>> = values
  return sentence
    .split(/\{(\w+)\}/)
    .map((text, index) =>
      index % 2 === 0 ? { text, foreign: false } : { text: known[text] ?? '', foreign: true },
    )
    .filter(({ text }) => text !== '')
}

/** The sentence as plain text, for places that take no markup, such as a title. */
export function plain(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('')
}
