/** RFC 3986, without fragment: what may stand in a `Location` header as it is. */
const URI = /^[\w.~:/?[\]@!$&'()*+,;=%-]+$/

/** RFC 8252 §7.3: a native app may listen on a loopback address literal. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(:\d+)?\//

/** Whether answers may be sent to a URI: over https, or within the machine of a native app. */
export function isRedirectUri(uri: string, isNative: boolean): boolean {
  if (!URI.test(uri) || !URL.canParse(uri)) return false
  const { protocol, username, password } = new URL(uri)
  if (username + password !== '') return false
  return protocol === 'https:' || (isNative && LOOPBACK.test(uri))
}

export function isPlainHttps(uri: string): boolean {
  if (!URL.canParse(uri)) return false
  const { protocol, username, password } = new URL(uri)
  return protocol === 'https:' && username + password === ''
}

/** A URI as it may be shown: who has put a password in it has disclosed enough. */
export function withoutUser(uri: string): string {
  return uri.replace(/\/\/[^/]*@/, '//…@')
}
