import { createEngine, digestOf, type Engine, type Lifetimes, type Store } from '@signet/engine'
import {
  APP,
  ASKING,
  createStage,
  formRequest,
  REDIRECT_URI,
  VERIFIER,
  type Actor,
  type FixedClock,
} from '@signet/engine/testing'
import assert from 'node:assert/strict'

/** Short enough that everything that is written on a day ends on the same day. */
export const LIFETIMES: Lifetimes = {
  pushedRequest: 90,
  interaction: 600,
  code: 60,
  accessToken: 300,
  refreshToken: 4 * 3600,
  idToken: 600,
  session: 2 * 3600,
}

const USERS = ['alice', 'bob', 'carol']

/** What people and clients do in the course of a day, to an engine on some store. */
export interface Traffic {
  readonly clock: FixedClock
  /** One visit. Every eight in a row leave the same behind. */
  visit(count: number): Promise<void>
}

export async function trafficOn(storeAt: (clock: FixedClock) => Promise<Store>): Promise<Traffic> {
  const stage = createStage({ lifetimes: LIFETIMES })
  for (const user of USERS) stage.addUser(user, {})
  const store = await storeAt(stage.clock)
  const opaque = { ...APP, client_id: 'opaque', access_token_format: 'opaque' }
  const actors = [stage.app, stage.enrol(opaque)]
  const visitor = new Visitor(createEngine({ ...stage.ports, store }), store, stage.clock)
  return {
    clock: stage.clock,
    visit: (count) => visitor.visit(count, actors[count % 2] ?? stage.app),
  }
}

class Visitor {
  readonly #engine: Engine
  readonly #store: Store
  readonly #clock: FixedClock

  constructor(engine: Engine, store: Store, clock: FixedClock) {
    this.#engine = engine
    this.#store = store
    this.#clock = clock
  }

  async visit(count: number, actor: Actor): Promise<void> {
    await this.#engine.push(formRequest({ client_id: 'a stranger' }))
    const kind = count % 8
    const request = actor.request({ ...ASKING, scope: 'openid accounts offline_access' })
    const pushed = await this.#engine.push(request)
    assert.ok(pushed.action === 'created')
    if (kind === 0) return
    const code = await this.#authorize(count, { actor, requestUri: pushed.requestUri })
    if (code === undefined || kind === 2) return
    const refreshToken = await this.#redeem(code, actor)
    await this.#ask({ grant_type: 'refresh_token', refresh_token: refreshToken }, actor)
    if (kind === 3) {
      const answer = await this.#engine.revoke(actor.request({ token: refreshToken }))
      assert.equal(answer.action, 'revoked')
    }
    if (kind === 4) {
      const again = await this.#engine.token(redemption(code, actor))
      assert.equal(again.action, 'refused')
    }
  }

  /** The code, unless the user goes away before the login. */
  async #authorize(
    count: number,
    { actor, requestUri }: { readonly actor: Actor; readonly requestUri: string },
  ): Promise<string | undefined> {
    const query = { client_id: actor.client.id, request_uri: requestUri }
    const begun = await this.#engine.begin({
      query: String(new URLSearchParams(query)),
      cookies: { browser: undefined, session: undefined },
    })
    assert.ok(begun.action === 'interact')
    const { interactionId: id, browser } = begun
    await this.#store.attempts.take(
      digestOf(`login ${count}`),
      { burst: 5, refill: 60 },
      this.#clock.now(),
    )
    if (count % 8 === 1) return undefined
    const subject = USERS[count % USERS.length] ?? 'alice'
    const cookies = { browser, session: undefined }
    const known = await this.#engine.authenticated({ id, subject, cookies })
    assert.ok(known.action === 'logged-in')
    const { session } = known
    const request = { id, cookies: { browser, session }, decision: 'approve' } as const
    const done = await this.#engine.complete(request)
    assert.ok(done.action === 'redirect')
    return new URL(done.location).searchParams.get('code') ?? assert.fail(done.location)
  }

  async #redeem(code: string, actor: Actor): Promise<string> {
    const answer = await this.#engine.token(redemption(code, actor))
    assert.ok(answer.action === 'issued')
    return answer.response.refresh_token ?? assert.fail('no refresh token')
  }

  async #ask(form: Readonly<Record<string, string>>, actor: Actor): Promise<void> {
    const answer = await this.#engine.token(actor.request(form, toToken(actor)))
    assert.equal(answer.action, 'issued')
  }
}

function redemption(code: string, actor: Actor): ReturnType<Actor['request']> {
  const form = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code }
  return actor.request({ ...form, code_verifier: VERIFIER }, toToken(actor))
}

function toToken({ endpoints }: Actor): { readonly url: string } {
  return { url: endpoints.token }
}
