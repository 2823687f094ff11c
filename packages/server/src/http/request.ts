import type { IncomingMessage } from 'node:http'

/** The header fields that must not be merged, dropped or guessed at, as they came. */
export interface Fields {
  readonly authorization: readonly string[]
  readonly dpop: readonly string[]
  readonly contentType: string | undefined
}

/**
 * Reads the fields that decide about a request from what came over the wire: Node keeps only the first `Authorization` and
 * `Content-Type` and joins `DPoP` fields by a comma, which would hide that there were two.
 *
 * Several `Content-Type` fields become one value that no media type has.
 */
export function readFields({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): Fields {
  let authorization = NONE
  let dpop = NONE
  let contentType: string | undefined
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    const value = rawHeaders[at + 1] ?? ''
    if (isNamed(name, 'dpop')) dpop = [...dpop, value]
    else if (isNamed(name, 'content-type')) {
      contentType = contentType === undefined ? value : `${contentType}, ${value}`
    } else if (isNamed(name, 'authorization')) authorization = [...authorization, value]
  }
  return { authorization, dpop, contentType }
}

const NONE: readonly string[] = []

function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted
}

/**
 * Whether exactly one `Host` field came: of several, Node would take the first, and a proxy perhaps another. Only HTTP/1.0
 * may come without.
 *
 * @see RFC 9112 §3.2
 */
export function namesOneHost({
  rawHeaders,
  httpVersion,
}: Pick<IncomingMessage, 'rawHeaders' | 'httpVersion'>): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (isNamed(rawHeaders[at] ?? '', 'host')) hosts += 1
  }
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0')
}

/** What follows the question mark, untouched. */
export function queryOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const mark = url.indexOf('?')
  return mark === -1 ? '' : url.slice(mark + 1)
}

/** The path alone, for logs: a query holds codes and references. */
export function pathOf({ url = '' }: Pick<IncomingMessage, 'url'>): string {
  const mark = url.indexOf('?')
  return mark === -1 ? url : url.slice(0, mark)
}

export function isForm(contentType: string | undefined): boolean {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  return mediaType === 'application/x-www-form-urlencoded'
}
