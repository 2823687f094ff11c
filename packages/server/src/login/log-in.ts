import type { Seconds, User } from '@signet/engine'
import { checksBusy, throttled, wrongPassword } from '../http/refusals.ts'
import type { Served } from '../http/served.ts'
import type { LoginProblem } from '../pages/texts.ts'
import { isOutdated } from './password.ts'
import type { LoginAttempt } from './throttle.ts'

export interface Credentials extends LoginAttempt {
  readonly password: string | undefined
}

/** Who logged in, or why nobody did. */
export type LoginResult =
  { readonly user: User } | { readonly problem: LoginProblem; readonly retryAfter?: Seconds }

/** By then the passwords being checked now are done. */
const BUSY: Seconds = 5

/**
 * Checks a username and a password. Nothing in the answer, its time included, says whether the user exists.
 *
 * @see OWASP ASVS V2
 */
export async function logIn(credentials: Credentials, served: Served): Promise<LoginResult> {
  const { login, engine, store } = served
  const { username, password } = credentials
  if (username === '' || password === undefined) return { problem: 'missing' }

  const wait = await login.throttle.take(credentials)
  if (wait > 0) {
    await engine.refuse(throttled(wait), { step: 'login' })
    return { problem: 'throttled', retryAfter: wait }
  }
  const user = await findUser(username, served)
  const verdict = await login.checks.check(password, user?.passwordHash)
  if (verdict === 'busy') {
    await engine.refuse(checksBusy(), { step: 'login' })
    return { problem: 'busy', retryAfter: BUSY }
  }
  if (verdict === 'wrong' || user === undefined) {
    // Whoever knows a username can say it; that it is this user nobody has proved.
    const context = { step: 'login', subject: user?.subject, authenticated: false }
    await engine.refuse(wrongPassword(user === undefined ? 'unknown' : 'known'), context)
    return { problem: 'wrong' }
  }
  await login.throttle.succeeded(credentials)
  const proved = await strengthen(user, password, served)
  await store.settled()
  return { user: proved }
}

/**
 * Whether the password still lets this user in. A session that began while the user was disabled, or got another password,
 * was not there yet when all sessions were ended: so this is asked once it is kept.
 */
export async function isStillTrue(
  { subject, passwordHash }: User,
  served: Served,
): Promise<boolean> {
  await served.store.settled()
  const now = await served.store.users.bySubject(subject)
  return now?.disabled === false && now.passwordHash === passwordHash
}

async function findUser(username: string, { store }: Served): Promise<User | undefined> {
  const user = await store.users.byUsername(username)
  return user?.disabled === true ? undefined : user
}

/** Replaces a hash that is cheap to attack by today's standard. What the file declares stays as the file says. */
async function strengthen(user: User, password: string, served: Served): Promise<User> {
  const { store, login } = served
  if (user.source === 'file' || !isOutdated(user.passwordHash)) return user
  const passwordHash = await login.checks.hash(password)
  if (passwordHash === undefined) return user
  const strengthened = { ...user, passwordHash }
  if (await store.users.replace(user, strengthened)) return strengthened
  // Somebody was faster, who may be the same user with the same password.
  const now = await findUser(user.username, served)
  const verdict = await login.checks.check(password, now?.passwordHash)
  return verdict === 'right' && now !== undefined ? now : user
}
