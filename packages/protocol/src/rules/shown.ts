const LONGEST = 200

/**
 * A value somebody sent, made fit for a log: one line, ASCII, bounded, and never mistaken for our own
 * words. Only for members that hold no secret.
 */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const begin = typeof value === 'string' ? value.slice(0, LONGEST) : value
  const text = ascii(JSON.stringify(begin))
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text
}

function ascii(text: string): string {
  return text.replace(
    /[^\x20-\x7E]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
