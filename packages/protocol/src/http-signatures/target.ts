import { UnsignableComponent } from './unsignable-component.ts'

/** The parts of a target URI as they were written. */
export interface TargetParts {
  readonly path: string
  /** With its question mark; empty where there is none. */
  readonly query: string
}

const TARGET = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]+([^?#]*)(\?[^#]*)?$/

/** @throws UnsignableComponent for what is no absolute URI, or has a fragment. @see RFC 9421 §2.2.6, §2.2.7 */
export function targetParts(targetUri: string): TargetParts {
  const [found, path = '', query = ''] = TARGET.exec(targetUri) ?? []
  if (found === undefined) throw new UnsignableComponent('the target URI is not an absolute URI')
  return { path: path === '' ? '/' : path, query }
}

/** Scheme and authority are normalised, and nothing else. @see RFC 9421 §2.2.3, §2.2.4 */
export function targetOrigin(targetUri: string): { readonly scheme: string; authority: string } {
  const url = URL.parse(targetUri)
  if (url === null) throw new UnsignableComponent('the target URI is not an absolute URI')
  return { scheme: url.protocol.slice(0, -1), authority: url.host }
}

/**
 * The value of the one query parameter of a name, both encoded as forms are, but for spaces.
 *
 * @throws UnsignableComponent if there is no such parameter, or more than one.
 * @see RFC 9421 §2.2.8
 */
export function queryParameter(targetUri: string, name: string): string {
  const parameters = [...new URLSearchParams(targetParts(targetUri).query)]
  const [found, ...more] = parameters.filter(([each]) => encoded(each) === name)
  if (found === undefined || more.length > 0) {
    throw new UnsignableComponent(`${more.length + (found ? 1 : 0)} query parameters of that name`)
  }
  return encoded(found[1])
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
