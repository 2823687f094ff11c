import { Refused } from '@signet/protocol'
import { claimedClient, recordRefusal, type RefusalContext } from './audit.ts'
import { formRules } from './back-channel.rules.ts'
import { credentialRules } from './client-authentication.rules.ts'
import { assertSound } from './config.rules.ts'
import { metadataJson } from './describe/metadata.ts'
import { publishStatusLists, type StatusListOf } from './describe/status-list.ts'
import { authenticated, type AuthenticatedRequest } from './flow/authenticated.ts'
import { begin } from './flow/begin.ts'
import { complete, type CompleteRequest } from './flow/complete.ts'
import { endSession, type EndSessionRequest } from './flow/end-session.ts'
import { interaction, type InteractionRequest } from './flow/interaction.ts'
import { push } from './flow/push.ts'
import { forgetUser } from './flow/session-end.ts'
import { token } from './flow/token.ts'
import type {
  BackChannelRequest,
  BrowserCookies,
  ConsentNeeded,
  ErrorPage,
  FrontChannelRequest,
  Interact,
  Introspected,
  LoggedIn,
  LoggedOut,
  LoginNeeded,
  LogoutConfirmation,
  Pushed,
  ResponseToClient,
  RefusedOutcome,
  ResourceRequest,
  Revoked,
  TokensIssued,
  UserinfoGiven,
} from './outcomes.ts'
import type { Ports } from './ports.ts'
import { introspect } from './tokens/introspect.ts'
import { revoke } from './tokens/revoke.ts'
import { RefusedAtResource } from './tokens/refused-at-resource.ts'
import { userinfo } from './tokens/userinfo.ts'

export type PushOutcome = Pushed | RefusedOutcome
export type TokenOutcome = TokensIssued | RefusedOutcome
export type IntrospectOutcome = Introspected | RefusedOutcome
export type RevokeOutcome = Revoked | RefusedOutcome
export type UserinfoOutcome = UserinfoGiven | RefusedOutcome
export type BeginOutcome = Interact | ResponseToClient | ErrorPage
export type InteractionOutcome = LoginNeeded | ConsentNeeded | ResponseToClient | ErrorPage
export type AuthenticatedOutcome = LoggedIn | ErrorPage
export type CompleteOutcome = ResponseToClient | ErrorPage
export type EndSessionOutcome = LoggedOut | LogoutConfirmation | ErrorPage

/** An authorization server without a transport: every step of one service, bound to its ports. */
export interface Engine {
  push(request: BackChannelRequest): Promise<PushOutcome>
  begin(request: FrontChannelRequest): Promise<BeginOutcome>
  interaction(request: InteractionRequest): Promise<InteractionOutcome>
  authenticated(request: AuthenticatedRequest): Promise<AuthenticatedOutcome>
  complete(request: CompleteRequest): Promise<CompleteOutcome>
  token(request: BackChannelRequest): Promise<TokenOutcome>
  userinfo(request: ResourceRequest): Promise<UserinfoOutcome>
  introspect(request: BackChannelRequest): Promise<IntrospectOutcome>
  revoke(request: BackChannelRequest): Promise<RevokeOutcome>
  endSession(request: EndSessionRequest): Promise<EndSessionOutcome>
  /** Ends the session of a browser at which somebody else wants to log in. */
  forgetUser(cookies: BrowserCookies): Promise<void>
  /** The metadata document as JSON. */
  metadata(): string
  /** The status list of a number, signed; undefined when nothing names it, or no more. */
  readonly statusList: StatusListOf
  /** For what a transport refuses before any step sees it: it gets an audit event like every other refusal. */
  refuse(refused: Refused, context: RefusalContext): Promise<RefusedOutcome>
}

/**
 * Binds the steps to their ports. Here, and only here, a refusal of the back channel becomes an outcome; and no outcome
 * leaves before what the step wrote is durable.
 *
 * @throws Misconfigured listing every way in which the service would break its profile.
 */
export function createEngine(ports: Ports): Engine {
  assertSound(ports.service)
  const { store, keys, service } = ports
  const nonces = service.dpop.nonce === 'required'

  /** RFC 9449 §8.2: whoever may need a nonce learns the current one with every answer. */
  const withNonce = <Outcome extends object>(outcome: Outcome): Outcome =>
    nonces ? { ...outcome, dpopNonce: keys.nonces.current() } : outcome

  const refuse = async (refused: Refused, context: RefusalContext): Promise<RefusedOutcome> => {
    const eventId = await recordRefusal(refused, context, ports)
    await store.settled()
    const challenge = refused instanceof RefusedAtResource ? refused.challenge : undefined
    return { action: 'refused', refusal: refused.refusal, eventId, ...(challenge && { challenge }) }
  }

  const backChannel =
    <Request, Success extends object>(
      name: string,
      step: (request: Request, ports: Ports) => Promise<Success>,
    ) =>
    async (request: Request & { readonly body?: string }): Promise<Success | RefusedOutcome> => {
      try {
        const success = await step(request, ports)
        await store.settled()
        return success
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        const clientId = request.body === undefined ? undefined : claimedClient(request.body)
        return refuse(error, { step: name, clientId, authenticated: hasAuthenticated(name, error) })
      }
    }

  const withProof = <Request, Success extends object>(
    name: string,
    step: (request: Request, ports: Ports) => Promise<Success>,
  ): ((request: Request & { readonly body?: string }) => Promise<Success | RefusedOutcome>) => {
    const bound = backChannel(name, step)
    return nonces ? async (request) => withNonce(await bound(request)) : bound
  }

  const frontChannel = durably(ports)
  return {
    push: withProof('push', push),
    begin: frontChannel(begin),
    interaction: frontChannel(interaction),
    authenticated: frontChannel(authenticated),
    complete: frontChannel(complete),
    token: withProof('token', token),
    userinfo: withProof('userinfo', userinfo),
    introspect: backChannel('introspect', introspect),
    revoke: backChannel('revoke', revoke),
    endSession: frontChannel(endSession),
    forgetUser: frontChannel(forgetUser),
    metadata: metadataJson(ports),
    statusList: publishStatusLists(ports),
    refuse,
  }
}

const BEFORE_AUTHENTICATION: ReadonlySet<string> = new Set(
  [...formRules, ...credentialRules].map(({ reason }) => reason),
)

/** Whether the client had proved itself when it was refused. To userinfo no client does: a token speaks for itself. */
function hasAuthenticated(step: string, { refusal, evidence }: Refused): boolean {
  if (step === 'userinfo' || refusal.error === 'invalid_client') return false
  return !BEFORE_AUTHENTICATION.has(evidence.reason)
}

/** Binds the steps of the browser, which answer their refusals themselves. */
function durably(
  ports: Ports,
): <Request, Outcome>(
  step: (request: Request, ports: Ports) => Promise<Outcome>,
) => (request: Request) => Promise<Outcome> {
  return (step) => async (request) => {
    const outcome = await step(request, ports)
    await ports.store.settled()
    return outcome
  }
}
