import { isUtf8, type Buffer } from 'node:buffer'

/** The parameters of a request in the order they came, duplicates included. */
export type Form = readonly (readonly [name: string, value: string])[]

/** The body is no `application/x-www-form-urlencoded` text. */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm'
}

/**
 * Reads an `application/x-www-form-urlencoded` body without losing anything: a parameter that came
 * twice is there twice, which is what OAuth needs to refuse it.
 *
 * @throws MalformedForm for invalid percent-encoding and invalid UTF-8.
 * @see RFC 6749 appendix B
 */
export function parseForm(body: string | Buffer): Form {
  const text = typeof body === 'string' ? body : decodeUtf8(body)
  const form: [string, string][] = []
  if (text === '') return form
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals === -1) form.push([decode(pair), ''])
    else form.push([decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))])
  }
  return form
}

/** Of so few parameters, to compare each with each costs less than a set of their names. */
const FEW = 24

function occursBefore(form: Form, name: string, index: number): boolean {
  for (let before = 0; before < index; before += 1) if (form[before]?.[0] === name) return true
  return false
}

/** The first name that occurs twice although it is not among the `repeatable`. @see RFC 6749 §3.1 */
export function duplicateName(form: Form, repeatable?: ReadonlySet<string>): string | undefined {
  if (form.length <= FEW && !form.some(([name], index) => occursBefore(form, name, index))) {
    return undefined
  }
  const seen = new Set<string>()
  for (const [name] of form) {
    if (seen.has(name) && repeatable?.has(name) !== true) return name
    seen.add(name)
  }
  return undefined
}

/** The value of a parameter. One without a value counts as absent. @see RFC 6749 §3.1 */
export function parameter(form: Form, name: string): string | undefined {
  for (const [candidate, value] of form) {
    if (candidate === name) return value === '' ? undefined : value
  }
  return undefined
}

function decodeUtf8(body: Buffer): string {
  if (!isUtf8(body)) throw new MalformedForm('the body is not UTF-8')
  return body.toString('utf8')
}

function decode(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return wellFormed(spaced)
  try {
    return wellFormed(decodeURIComponent(spaced))
  } catch {
    throw new MalformedForm('the body has invalid percent-encoding')
  }
}

function wellFormed(text: string): string {
  if (!text.isWellFormed()) throw new MalformedForm('the body is not UTF-8')
  return text
}
