/** A value that must come back from the browser unchanged, such as the `state` in a hidden field. */
export class Exact {
  readonly value: string
  constructor(value: string) {
    this.value = value
  }
}

const special = /[&<>"']/g
const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Characters that are no text but can change how the text around them looks: control characters
 * and the bidirectional overrides with which one name can be dressed up as another.
 */
const deceptive = /(?![\t\n\r])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu

/**
 * Makes any value safe as HTML text and as a quoted attribute. Whatever a template prints passes
 * here. Deceptive characters become visible, except in a value marked {@link Exact}.
 */
export function escapeHtml(value: unknown): string {
  const text = value instanceof Exact ? value.value : String(value).replace(deceptive, '\uFFFD')
  return text.toWellFormed().replace(special, (character) => references[character] ?? '')
}

const longest = 100

/** Cuts a name at 100 characters as people count them, so that headings stay headings. */
export function abridge(name: string): string {
  if (name.length <= longest) return name
  const graphemes = [...new Intl.Segmenter().segment(name.slice(0, 4 * longest))]
  if (graphemes.length <= longest && name.length <= 4 * longest) return name
  const kept = graphemes.slice(0, longest).map(({ segment }) => segment)
  return `${kept.join('')}…`
}

/** The address if a link to it is harmless; `javascript:` and its like are shown as text only. */
export function linkable(address: string | undefined): string | undefined {
  if (address === undefined || !URL.canParse(address)) return undefined
  return /^https?:$/.test(new URL(address).protocol) ? address : undefined
}
