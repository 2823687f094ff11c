import { attempt, type Outbound, type Sent } from './attempt.ts'
import { Chances, refusalOf } from './chances.ts'
import type { Credential, CredentialSource } from './credential.ts'
import { UpstreamFailed, type Answer } from './exchange.ts'

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/**
 * Sends a call, and again when the API asks for a nonce, when it refuses the token, or when a kept connection was closed:
 * once for each reason, with a new proof each time, and only what can be sent again. What is too long for that is preceded
 * by a question without a body, so that its one attempt has a nonce and a token that hold.
 *
 * @throws UpstreamFailed, SessionDead, AuthorityFailure, Refused
 * @see RFC 9449 §9
 */
export async function forward(outbound: Outbound, source: CredentialSource): Promise<Answer> {
  const credential = await source.get()
  if (outbound.body.kind === 'whole') return (await persist(outbound, source, credential)).answer
  const prepared = credential && (await prepare(outbound, source, credential))
  return (await attempt(outbound, prepared)).answer
}

interface Persisted {
  readonly answer: Answer
  /** What was good, or as good as it gets. */
  readonly credential: Credential | undefined
}

async function persist(
  outbound: Outbound,
  source: CredentialSource,
  first: Credential | undefined,
): Promise<Persisted> {
  const chances = new Chances()
  let credential = first
  for (;;) {
    const { answer, nonce } = await attemptTwice(outbound, credential)
    if (credential === undefined) return { answer, credential }
    const current = outbound.core.resourceNonces.get(outbound.url)
    const move = chances.next(refusalOf(answer), current !== nonce)
    if (move === 'accept') return { answer, credential }
    answer.body.resume()
    if (move === 'renew') credential = await source.get(credential.accessToken)
  }
}

/** A kept connection may have been closed when we used it: then the API has seen nothing. */
async function attemptTwice(outbound: Outbound, credential: Credential | undefined): Promise<Sent> {
  try {
    return await attempt(outbound, credential)
  } catch (error) {
    const unseen = error instanceof UpstreamFailed && error.stale
    if (!unseen || !IDEMPOTENT.has(outbound.method)) throw error
    return attempt(outbound, credential)
  }
}

/** Asks with a `HEAD`, which changes nothing, whether nonce and token would do. */
async function prepare(
  outbound: Outbound,
  source: CredentialSource,
  credential: Credential,
): Promise<Credential | undefined> {
  const { core, url } = outbound
  const usesNonces = core.resourceNonces.get(url) !== undefined
  if (core.resourceNonces.knows(url) && !usesNonces) return credential
  const question: Outbound = {
    ...outbound,
    method: 'HEAD',
    headers: {},
    body: { kind: 'whole', bytes: undefined },
  }
  const { answer, credential: good } = await persist(question, source, credential)
  answer.body.resume()
  return good
}
