import assert from 'node:assert/strict'
import type { Ports } from '../../ports.ts'
import { authenticated } from '../authenticated.ts'
import { begin } from '../begin.ts'
import { complete, type CompleteRequest } from '../complete.ts'
import { endSession } from '../end-session.ts'
import { interaction } from '../interaction.ts'
import { app } from './scene.ts'

/** What a browser is answered. */
export type Answers = {
  readonly begin: Awaited<ReturnType<typeof begin>>
  readonly interaction: Awaited<ReturnType<typeof interaction>>
  readonly authenticated: Awaited<ReturnType<typeof authenticated>>
  readonly complete: Awaited<ReturnType<typeof complete>>
  readonly endSession: Awaited<ReturnType<typeof endSession>>
}

/** A browser with its two cookies, as the server sets them. */
export class Browser {
  browser: string | undefined
  session: string | undefined
  readonly #ports: Ports

  constructor(ports: Ports, session?: string) {
    this.#ports = ports
    this.session = session
  }

  get cookies(): { readonly browser: string | undefined; readonly session: string | undefined } {
    return { browser: this.browser, session: this.session }
  }

  async open(query: string): Promise<Answers['begin']> {
    const outcome = await begin({ query, cookies: this.cookies }, this.#ports)
    if (outcome.action === 'interact') this.browser = outcome.browser ?? this.browser
    return outcome
  }

  /** The way a client sends a browser. */
  arrive(requestUri: string, clientId: string = app.id): Promise<Answers['begin']> {
    return this.open(String(new URLSearchParams({ client_id: clientId, request_uri: requestUri })))
  }

  /** Arrives and must be asked something. */
  async enter(requestUri: string): Promise<string> {
    const outcome = await this.arrive(requestUri)
    assert.equal(outcome.action, 'interact')
    return outcome.interactionId
  }

  see(id: string): Promise<Answers['interaction']> {
    return interaction({ id, cookies: this.cookies }, this.#ports)
  }

  async logIn(id: string, subject: string = 'alice'): Promise<Answers['authenticated']> {
    const outcome = await authenticated({ id, subject, cookies: this.cookies }, this.#ports)
    if (outcome.action === 'logged-in') this.session = outcome.session
    return outcome
  }

  decide(id: string, decision: CompleteRequest['decision']): Promise<Answers['complete']> {
    return complete({ id, decision, cookies: this.cookies }, this.#ports)
  }

  logOut(
    query: Readonly<Record<string, string>>,
    confirmed: boolean = false,
  ): Promise<Answers['endSession']> {
    const request = { query: String(new URLSearchParams(query)), cookies: this.cookies, confirmed }
    return endSession(request, this.#ports)
  }
}

/** The parameters a client finds in the answer to it. */
export function answerOf(outcome: { readonly action: string }): URLSearchParams {
  assert.ok('location' in outcome && typeof outcome.location === 'string', JSON.stringify(outcome))
  return new URL(outcome.location).searchParams
}
