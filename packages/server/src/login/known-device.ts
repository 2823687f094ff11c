import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// A cookie that says: somebody who knew the password of these users has used this browser. It gives no access; it only keeps
// the attempts of others from counting here. One entry is `<device id>.<mac>`, several are joined by `~`.

/** A browser of a family has a few users; more are forgotten, the oldest first. */
const MOST_USERS = 4
/** Seconds. */
export const DEVICE_MAX_AGE: number = 180 * 86_400

/** The id under which this browser is known to the user, if the cookie proves it is. */
export function knownDevice(
  cookie: string | undefined,
  username: string,
  secrets: readonly Buffer[],
): string | undefined {
  for (const entry of entriesOf(cookie)) {
    const [id = '', mac = ''] = entry.split('.')
    if (secrets.some((secret) => isEqual(mac, macOf(id, username, secret)))) return id
  }
  return undefined
}

/** The cookie after this user has logged in here. */
export function rememberDevice(
  cookie: string | undefined,
  username: string,
  secrets: readonly Buffer[],
): string {
  const [secret] = secrets
  if (secret === undefined) throw new Error('the service has no secret')
  const id = randomBytes(16).toString('base64url')
  const others = entriesOf(cookie).filter(
    (entry) => knownDevice(entry, username, secrets) === undefined,
  )
  return [`${id}.${macOf(id, username, secret)}`, ...others].slice(0, MOST_USERS).join('~')
}

function entriesOf(cookie: string | undefined): readonly string[] {
  return cookie === undefined ? [] : cookie.split('~').slice(0, MOST_USERS)
}

function macOf(id: string, username: string, secret: Buffer): string {
  return createHmac('sha256', secret).update(`${id}\n${username}`).digest('base64url')
}

function isEqual(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
