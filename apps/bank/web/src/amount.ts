import type { Cents } from '../../api/contract.ts'

/**
 * An amount as people type it: `1234,50`, `1.234,50`, `1,234.50`, `12`. The last separator counts as decimal if two digits or
 * one follow it.
 *
 * @returns undefined for everything else
 */
export function parseAmount(text: string): Cents | undefined {
  const plain = text.replaceAll(/[\s €\u{a0}\u{202f}']/gu, '')
  const match = /^(\d{1,3}(?:[.,]?\d{3})*|\d+)(?:[.,](\d{1,2}))?$/.exec(plain)
  if (match === null) return undefined
  const [, whole = '', fraction = ''] = match
  const groups = new Set(whole.replaceAll(/\d/g, ''))
  const decimal = plain[whole.length]
  if (groups.size > 1 || (decimal !== undefined && groups.has(decimal))) return undefined
  const cents = Number(whole.replaceAll(/\D/g, '')) * 100 + Number(fraction.padEnd(2, '0'))
  return Number.isSafeInteger(cents) ? cents : undefined
}
