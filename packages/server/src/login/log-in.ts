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
  { readonly subject: string } | { readonly problem: LoginProblem; readonly retryAfter?: Seconds }

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
  await strengthen(user, password, served)
  await store.settled()
  return { subject: user.subject }
}

async function findUser(username: string, { store }: Served): Promise<User | undefined> {
  const user = await store.users.byUsername(username)
  return user?.disabled === true ? undefined : user
}

/** Replaces a hash that is cheap to attack by today's standard. What the file declares stays as the file says. */
async function strengthen(user: User, password: string, { store, login }: Served): Promise<void> {
  if (user.source === 'file' || !isOutdated(user.passwordHash)) return
  const passwordHash = await login.checks.hash(password)
  if (passwordHash !== undefined) await store.users.put({ ...user, passwordHash })
}
