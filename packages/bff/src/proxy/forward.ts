import type { IncomingMessage } from 'node:http'
import { attempt, UpstreamFailed, type Outbound, type Sent } from './attempt.ts'
import { Chances, refusalOf } from './chances.ts'
import type { Credential, CredentialSource } from './credential.ts'

const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE'])

/**
 * Sends a call, and again when the API asks for a nonce, when it refuses the token, or when a kept connection was closed:
 * once for each reason, with a new proof each time, and only what can be sent again. What is too long for that is preceded
 * by a question without a body, so that its one attempt has a nonce and a token that hold.
 *
 * @throws UpstreamFailed, SessionDead, AuthorityFailure
 * @see RFC 9449 §9
 */
export async function forward(
  outbound: Outbound,
  source: CredentialSource,
): Promise<IncomingMessage> {
  const credential = await source.get()
  if (outbound.body.kind === 'whole') return (await persist(outbound, source, credential)).incoming
  const prepared = credential && (await prepare(outbound, source, credential))
  return (await attempt(outbound, prepared)).incoming
}

interface Persisted {
  readonly incoming: IncomingMessage
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
    const { incoming, nonce } = await attemptTwice(outbound, credential)
    if (credential === undefined) return { incoming, credential }
    const current = outbound.core.resourceNonces.get(outbound.url)
    const move = chances.next(refusalOf(incoming), current !== nonce)
    if (move === 'accept') return { incoming, credential }
    incoming.resume()
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
  const { incoming, credential: good } = await persist(question, source, credential)
  incoming.resume()
  return good
}
