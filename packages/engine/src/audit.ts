import { parameter, parseForm, type Evidence, type Refused } from '@signet/protocol'
import type { Ports } from './ports.ts'

/** Who a refused request was about, as far as is known. */
export interface RefusalContext {
  /** The step that refused: `push`, `exchange`, … */
  readonly step: string
  /** As the request claims it; authenticated unless the refusal is `invalid_client`. */
  readonly clientId?: string | undefined
  readonly subject?: string | undefined
  /**
   * Whether the client has proved itself, or the user has logged in; otherwise anybody can cause this. Default: whether there
   * is a `subject`.
   */
  readonly authenticated?: boolean
}

/** Longer values say nothing more to a person, and whoever sends them pays for the space. */
const LONGEST = 400

/**
 * Writes the one audit event of a refused request.
 *
 * @returns the event's id, under which `signet explain` prints it.
 */
export async function recordRefusal(
  refused: Refused,
  { step, clientId, subject, authenticated = subject !== undefined }: RefusalContext,
  { store, random, clock }: Pick<Ports, 'store' | 'random' | 'clock'>,
): Promise<string> {
  const id = random.token(128)
  await store.audit.record({
    id,
    at: clock.milliseconds(),
    kind: 'refused',
    step,
    ...(clientId !== undefined && { clientId: clip(clientId) }),
    ...(subject !== undefined && { subject }),
    refusal: refused.refusal,
    evidence: clipped(refused.evidence),
    ...(!authenticated && { unauthenticated: true }),
  })
  return id
}

function clipped(evidence: Evidence): Evidence {
  return { ...evidence, expected: clip(evidence.expected), received: clip(evidence.received) }
}

/** How every JWT begins: `{"` in base64url. */
const JWT = /(?<![\w-])eyJ[\w-]{10,}[\w.-]*/g

/**
 * One printable line of bounded length without any JWT: what arrives from outside may hold anything, an assertion in
 * the wrong parameter among it.
 */
function clip(text: string): string {
  const line = text
    .slice(0, LONGEST)
    .replaceAll(JWT, '(a JWT)')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{FFFD}')
  return text.length > LONGEST ? `${line}… (${text.length} characters)` : line
}

/** The client a form names by `client_id` or by its assertion; nothing here is verified. */
export function claimedClient(body: string): string | undefined {
  try {
    const form = parseForm(body)
    return parameter(form, 'client_id') ?? assertionSubject(parameter(form, 'client_assertion'))
  } catch {
    return undefined
  }
}

function assertionSubject(assertion: string | undefined): string | undefined {
  const payload = assertion?.split('.', 2)[1]
  if (payload === undefined) return undefined
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return undefined
  return typeof claims.sub === 'string' ? claims.sub : undefined
}
