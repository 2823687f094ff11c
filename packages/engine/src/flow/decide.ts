import { breaches, refusal, Refused } from '@signet/protocol'
import { ACR_VALUES } from '../authentication-context.ts'
import { words, type AcceptedParameters } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import type { Session } from '../store/durable.ts'
import type { Interaction } from '../store/ephemeral.ts'
import type { Seconds } from '../store/values.ts'
import { parseClaimsRequest } from '../tokens/claims-request.ts'
import { covers, type Access } from './consent.ts'
import { permissionRules } from './decide.rules.ts'

/** All that decides what has to happen next with a request. */
export interface Situation {
  readonly client: Client
  readonly parameters: AcceptedParameters
  readonly asked: Access
  /** The live session of the browser. */
  readonly session: Session | undefined
  /** What the user of this session allowed the client before. */
  readonly allowed: Access | undefined
  /** Undefined while the browser has just arrived. */
  readonly interaction: Interaction | undefined
  /** Whether the user approves of all that is asked in this very moment. */
  readonly approved: boolean
  readonly now: Seconds
}

export type Decision =
  | { readonly next: 'login' }
  | { readonly next: 'consent'; readonly session: Session }
  | { readonly next: 'done'; readonly session: Session }
  /** The answer to the client is an error. */
  | { readonly next: 'refuse'; readonly refused: Refused }

/**
 * What has to happen next: a login, a consent, an error, or nothing more. The same at the arrival, at every page and at the
 * decision of the user.
 *
 * A refusal is told to the client at once, without a person having acted: every client here was registered by the operator
 * and has authenticated for this very request, which is the trust that RFC 9700 §4.11.2 asks for.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core §3.1.2.1}
 */
export function decide(situation: Situation): Decision {
  const refused = breaches(permissionRules, situation)[0] ?? unmetContext(situation)
  if (refused !== undefined) return { next: 'refuse', refused }
  const { session } = situation
  if (session === undefined) return askLogin(situation, 'a browser without a live session')
  const lack = lackOf(situation, session)
  return lack === undefined ? decideConsent(situation, session) : askLogin(situation, lack)
}

/** A user who has just logged in as somebody else than the client hinted at is not asked for ever. */
function askLogin(situation: Situation, lack: string): Decision {
  const hopeless = isSilent(situation) || isNewLogin(situation)
  return hopeless ? { next: 'refuse', refused: loginRequired(lack) } : { next: 'login' }
}

function decideConsent(situation: Situation, session: Session): Decision {
  const { approved, allowed, asked, parameters } = situation
  if (approved) return { next: 'done', session }
  if (covers(allowed, asked) && !words(parameters.prompt).includes('consent')) {
    return { next: 'done', session }
  }
  if (isSilent(situation)) return { next: 'refuse', refused: consentRequired(asked) }
  return { next: 'consent', session }
}

function isSilent({ parameters }: Situation): boolean {
  return words(parameters.prompt).includes('none')
}

/** What a session lacks for this request, in words for the operator; undefined when it is good enough. */
function lackOf(situation: Situation, session: Session): string | undefined {
  const { prompt = '' } = situation.parameters
  if (!isWantedUser(situation.parameters, session)) {
    return 'a session of another user than the one the id_token_hint or the claims parameter names'
  }
  const wanted = essentialContexts(situation.parameters)
  if (wanted !== undefined && !wanted.includes(session.acr))
    return `a session with acr ${session.acr}`
  if (isNewLogin(situation)) return undefined
  const prompts = words(prompt)
  if (prompts.includes('login') || prompts.includes('select_account')) {
    return `a session from before the request, which has prompt ${prompt}`
  }
  return tooOld(situation, session)
}

/**
 * Whether a client that named a user, by `id_token_hint` or by the `sub` of the ID token it asks for, gets that user and
 * nobody else.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequestValidation OpenID Connect Core §3.1.2.2}
 */
function isWantedUser(
  { hinted_subject, claims }: AcceptedParameters,
  { subject }: Session,
): boolean {
  if (hinted_subject !== undefined && hinted_subject !== subject) return false
  const asked = claims === undefined ? undefined : parseClaimsRequest(claims)?.idToken.get('sub')
  return asked?.values === undefined || asked.values.includes(subject)
}

/** `max_age=0` is `prompt=login` by another name. */
function tooOld({ parameters, client, now }: Situation, session: Session): string | undefined {
  const { max_age } = parameters
  const maxAge = max_age === undefined ? client.defaultMaxAge : Number(max_age)
  if (maxAge === undefined) return undefined
  const age = now - session.authTime
  return maxAge > 0 && age <= maxAge ? undefined : `a login ${age} s ago, with max_age ${maxAge}`
}

/**
 * Whether the user has logged in since the interaction began: the browser has another session than it came with, and not an
 * older one that it had kept.
 */
function isNewLogin({ session, interaction }: Situation): boolean {
  return (
    session !== undefined &&
    interaction !== undefined &&
    session.digest !== interaction.enteredWith &&
    session.authTime >= interaction.startedAt
  )
}

/** An essential `acr` that no login here can give, or that the login just made did not give (OIDC Core §5.5.1.1). */
function unmetContext(situation: Situation): Refused | undefined {
  const wanted = essentialContexts(situation.parameters)
  if (wanted === undefined || wanted.includes(situation.session?.acr)) return undefined
  const reachable = ACR_VALUES.some((acr) => wanted.includes(acr)) && !isNewLogin(situation)
  return reachable ? undefined : contextUnmet(situation)
}

function essentialContexts({ claims }: AcceptedParameters): readonly unknown[] | undefined {
  const acr = claims === undefined ? undefined : parseClaimsRequest(claims)?.idToken.get('acr')
  return acr?.essential === true ? acr.values : undefined
}

function loginRequired(received: string): Refused {
  return new Refused(refusal('login_required', 'the user has to log in'), {
    id: 'OIDC-10',
    reason: 'login_required',
    expected: 'a session that satisfies prompt, max_age, id_token_hint, sub and acr of the request',
    received,
    remedy: 'Send the user again, without prompt=none; name no user if the user may change.',
  })
}

function consentRequired({ scopes, resources }: Access): Refused {
  return new Refused(refusal('consent_required', 'the user has to consent'), {
    id: 'OIDC-10',
    reason: 'consent_required',
    expected: 'scopes and resources that the user allowed this client before',
    received: `scopes ${scopes.join(' ')} at ${resources.join(' ')}, not all of them allowed before`,
    remedy: 'Send the user again, without prompt=none.',
  })
}

function contextUnmet({ session }: Situation): Refused {
  return new Refused(
    refusal('unmet_authentication_requirements', 'an essential acr value cannot be met'),
    {
      id: 'OIDC-14',
      reason: 'acr_unmet',
      expected: `an essential acr among: ${ACR_VALUES.join(' ')}`,
      received: session === undefined ? 'only other values' : `a login with acr ${session.acr}`,
      remedy: 'Ask for one of the acr_values_supported, or make the claim voluntary.',
    },
  )
}
