import type { Seconds } from '@signet/protocol'
import type { Buffer } from 'node:buffer'
import { setTimeout as pause } from 'node:timers/promises'
import { refreshTokenGrant } from 'openid-client'
import type { Clock } from '../config/options.ts'
import type { OnEvent } from '../events.ts'
import type { Authority } from '../oauth/authority.ts'
import type { Constraint } from '../oauth/constraint.ts'
import { AuthorityFailure, failureOf } from '../oauth/failure.ts'
import type { IssuerKeys } from '../oauth/issuer-keys.ts'
import { boundToken } from '../oauth/token-response.ts'
import { SessionsUnavailable } from './port.ts'
import { isUsable, LOGIN_TOKEN, tokenName, type Secrets, type Want } from './secrets.ts'
import type { Session, Sessions } from './sessions.ts'

/** The session is over: the authorization server will give it no more tokens. */
export class SessionDead extends Error {
  override readonly name = 'SessionDead'
}

export interface RefresherOptions {
  readonly sessions: Sessions
  readonly authority: Authority
  readonly issuerKeys: IssuerKeys
  readonly constraint: Constraint
  readonly clock: Clock
  readonly random: (bytes: number) => Buffer
  /** How long the authorization server may take for one answer. */
  readonly timeout: Seconds
  readonly onEvent: OnEvent
}

/** How often a loser looks whether the winner has finished, in milliseconds. */
const LOOK_AGAIN = 25
/** After a failure the server is left alone for so long, session by session. */
const PAUSE: Seconds = 1
const MOST_RENEWALS = 1_000
/** For the store and the signatures, besides what the server takes. */
const MARGIN: Seconds = 5

/** A renewal under way in this process, or one that has failed lately. */
interface Renewal {
  readonly value: Promise<string>
  failedAt: Seconds | undefined
}

/**
 * Access tokens of sessions, renewed when they must be: by one caller at a time, in all processes together. The others
 * wait and take what the winner got. Only a server that says so ends a session; one that cannot be asked does not.
 *
 * @see RFC 10017 §6.1.2.2
 */
export class Refresher {
  readonly #options: RefresherOptions
  readonly #renewals = new Map<string, Renewal>()

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /**
   * A token for this want that has not expired.
   *
   * @param refused a token that an API has refused: it is taken for expired
   * @throws SessionDead, AuthorityFailure
   */
  async token(session: Session, want: Want, refused?: string): Promise<string> {
    refuseWider(session.secrets, want)
    const kept = this.#usable(session.secrets, want, refused)
    if (kept !== undefined) return kept
    const { id } = session.stored
    const name = JSON.stringify([id, tokenName(want), refused])
    const known = this.#renewals.get(name)
    // In one process, callers share a failure too: nobody queues up to fail again.
    if (known !== undefined && this.#counts(known)) return known.value
    const renewal: Renewal = { value: this.#renew(id, want, refused), failedAt: undefined }
    this.#renewals.set(name, renewal)
    renewal.value.then(
      () => this.#renewals.delete(name),
      () => this.#keepFailure(name, renewal),
    )
    return renewal.value
  }

  /** Whatever the clock does meanwhile, a failure does not count for long. */
  #counts({ failedAt }: Renewal): boolean {
    return failedAt === undefined || Math.abs(this.#options.clock.now() - failedAt) < PAUSE
  }

  #keepFailure(name: string, renewal: Renewal): void {
    renewal.failedAt = this.#options.clock.now()
    const [oldest] = this.#renewals.keys()
    if (this.#renewals.size > MOST_RENEWALS && oldest !== undefined) this.#renewals.delete(oldest)
  }

  async #renew(id: string, want: Want, refused: string | undefined): Promise<string> {
    const { sessions, authority, issuerKeys, clock, random, timeout, onEvent } = this.#options
    // The refresh token is spent by the answer, and the lease is short: whatever else is needed is asked for before.
    await authority.known()
    await issuerKeys.find(undefined)
    const owner = random(16).toString('base64url')
    // A nonce can cost a second answer of the server, and a new key of its a third.
    const lease: Seconds = 3 * timeout + MARGIN
    const patience = performance.now() + 1_000 * (lease + MARGIN)
    while (performance.now() < patience) {
      const now = clock.now()
      if (await sessions.store.lock({ id, owner, now, until: now + lease })) {
        try {
          return await this.#renewAlone(id, want, refused)
        } finally {
          // A lease that cannot be given back ends by itself.
          await sessions.store.unlock(id, owner).catch(() => undefined)
        }
      }
      await pause(LOOK_AGAIN)
      const kept = this.#usable((await this.#alive(id)).secrets, want, refused)
      if (kept !== undefined) {
        onEvent({ type: 'refresh', result: 'shared' })
        return kept
      }
    }
    throw new AuthorityFailure('unavailable', 'refresh: another process did not finish it')
  }

  async #renewAlone(id: string, want: Want, refused: string | undefined): Promise<string> {
    const { onEvent } = this.#options
    // Somebody may have finished between the first look and the lease.
    const session = await this.#alive(id)
    const kept = this.#usable(session.secrets, want, refused)
    if (kept !== undefined) {
      onEvent({ type: 'refresh', result: 'shared' })
      return kept
    }
    try {
      const value = await this.#ask(session, want)
      onEvent({ type: 'refresh', result: 'refreshed' })
      return value
    } catch (error) {
      return this.#fail(session, error)
    }
  }

  async #ask(session: Session, want: Want): Promise<string> {
    const { authority, constraint, clock } = this.#options
    const { secrets } = session
    const { refreshToken, proofKey: key } = secrets
    if (refreshToken === undefined) throw new SessionDead('there is no refresh token')
    const { configuration } = await authority.known()
    const now = clock.now()
    const parameters = {
      ...(want.scopes !== undefined && { scope: want.scopes.join(' ') }),
      ...(want.resource !== undefined && { resource: want.resource }),
    }
    const asking = constraint.asking(configuration, key)
    const answer = await refreshTokenGrant(configuration, refreshToken, parameters, asking)
    if ((answer.claims()?.sub ?? session.stored.subject) !== session.stored.subject) {
      throw new AuthorityFailure('invalid', 'refresh: the ID token is for another person')
    }
    const token = boundToken(answer, { constraint, key, now })
    const renewed: Secrets = {
      ...secrets,
      refreshToken: answer.refresh_token ?? refreshToken,
      tokens: { ...secrets.tokens, [tokenName(want)]: token },
    }
    if (await this.#save(session, renewed)) return token.value
    // It ended meanwhile, or somebody took over when the lease ran out.
    const winner = this.#usable((await this.#alive(session.stored.id)).secrets, want, undefined)
    if (winner !== undefined) return winner
    throw new AuthorityFailure('unavailable', 'refresh: another process was faster')
  }

  /** The server may give what it gave only once: a store that is away for a moment does not cost it. */
  async #save({ stored }: Session, renewed: Secrets): Promise<boolean> {
    const patience = performance.now() + 1_000 * MARGIN
    for (;;) {
      try {
        return await this.#options.sessions.save(stored, renewed)
      } catch (error) {
        if (!(error instanceof SessionsUnavailable) || performance.now() > patience) throw error
        await pause(LOOK_AGAIN)
      }
    }
  }

  async #fail(session: Session, error: unknown): Promise<never> {
    const { sessions, onEvent } = this.#options
    if (error instanceof SessionDead) {
      onEvent({ type: 'refresh', result: 'dead', detail: error.message })
      await sessions.store.delete(session.stored.id)
      throw error
    }
    const failure = failureOf(error, 'refresh')
    const current = await sessions.reread(session.stored.id)
    const outrun = current !== undefined && current.stored.version !== session.stored.version
    if (failure.kind === 'refused' && failure.code === 'invalid_grant' && !outrun) {
      onEvent({ type: 'refresh', result: 'dead', detail: failure.message })
      await sessions.store.delete(session.stored.id)
      onEvent({
        type: 'logout',
        frontend: session.stored.frontend,
        cause: 'refresh_refused',
        sessions: 1,
      })
      throw new SessionDead('the refresh token is not valid any more', { cause: failure })
    }
    onEvent({ type: 'refresh', result: 'unavailable', detail: failure.message })
    throw failure
  }

  async #alive(id: string): Promise<Session> {
    const session = await this.#options.sessions.reread(id)
    if (session === undefined) throw new SessionDead('the session has ended')
    return session
  }

  #usable(secrets: Secrets, want: Want, refused: string | undefined): string | undefined {
    const { clock, constraint } = this.#options
    const token = secrets.tokens[tokenName(want)]
    const use = { now: clock.now(), boundTo: constraint.boundTo(secrets.proofKey), refused }
    return isUsable(token, use) ? token.value : undefined
  }
}

/**
 * Without a refresh token there is only the token of the login. A route that names what its tokens are for must not get one
 * that is for more, or for another API.
 *
 * @throws AuthorityFailure
 */
function refuseWider({ refreshToken }: Secrets, want: Want): void {
  if (refreshToken !== undefined || tokenName(want) === LOGIN_TOKEN) return
  throw new AuthorityFailure(
    'invalid',
    'the route names scopes or a resource, and there is no refresh token to get such a token with: ask for offline_access',
  )
}
