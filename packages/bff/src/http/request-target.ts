/** A request target as we route it: the path as it was sent, which both we and the API read alike. */
export interface RequestTarget {
  readonly path: string
  /** With `?`, or empty. */
  readonly search: string
}

/**
 * Reads a request target in origin form, and refuses whatever somebody behind us could read as another path: dot segments
 * however written, encoded slashes, backslashes, empty segments, path parameters on dots, double encoding.
 *
 * @see RFC 9112 §3.2.1, RFC 9700 §4.9
 */
export function readTarget(url: string): RequestTarget | undefined {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  const search = at === -1 ? '' : url.slice(at)
  if (!/^\/[\x21\x24-\x3b\x3d\x40-\x5b\x5d\x5f\x61-\x7a\x7c\x7e]*$/.test(path)) return undefined
  if (!/^[\x21\x24-\x5b\x5d-\x7e]*$/.test(search)) return undefined
  if (path.includes('//') || hasTrickyEscape(path)) return undefined
  return path.split('/').some(isDotSegment) ? undefined : { path, search }
}

/** Escapes must be well-formed UTF-8 (`%c0%ae` is a dot to some), and hide no separator, dot, percent or control character. */
function hasTrickyEscape(path: string): boolean {
  if (/%(?:[01][0-9a-f]|25|2e|2f|3b|5c|7f)/i.test(path)) return true
  try {
    decodeURIComponent(path)
    return false
  } catch {
    return true
  }
}

/** Some servers drop what follows a semicolon before they look at the dots. */
function isDotSegment(segment: string): boolean {
  return /^\.{1,2}(?:;.*)?$/.test(segment)
}
