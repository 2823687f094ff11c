import { invalidRequest, refusal, type Rules } from '@signet/protocol'
import type { Interaction, PushedRequest } from '../store/ephemeral.ts'
import type { Digest, Seconds } from '../store/values.ts'

/** A browser that asks for an interaction. */
export interface Visit {
  readonly interaction: Interaction | undefined
  /** The pushed request of the interaction, unless it was ended. */
  readonly pushed: PushedRequest | undefined
  /** Of the cookie of the browser. */
  readonly browser: Digest | undefined
  readonly now: Seconds
}

export interface AcceptedVisit extends Visit {
  readonly interaction: Interaction
  readonly pushed: PushedRequest
}

/** What a browser must respect to see an interaction and to act in it. */
export const visitRules: Rules<Visit, AcceptedVisit> = [
  {
    id: 'SP-AZ-12',
    reason: 'interaction_unusable',
    says: 'gives the user time, and not for ever',
    holds: ({ interaction, now }) => interaction !== undefined && now < interaction.expiresAt,
    otherwise: invalidRequest('the login is unknown or has expired'),
    expected: () => 'an interaction that began not long ago',
    received: ({ interaction, now }) =>
      interaction === undefined
        ? 'an id that no interaction has, or not any more'
        : `an interaction that expired ${now - interaction.expiresAt} s ago`,
    remedy: 'Start again from the client; lifetimes.interaction says how long a user may take.',
  },
  {
    id: 'SP-SEC-05',
    reason: 'browser_differs',
    says: 'shows an interaction only to the browser that began it',
    holds: ({ interaction, browser }) =>
      interaction === undefined || interaction.browser === browser,
    otherwise: invalidRequest(
      'this login was started in another browser, or its cookie is missing',
    ),
    expected: () => 'the browser cookie that the authorization endpoint has set',
    received: ({ browser }) =>
      browser === undefined ? 'no browser cookie' : 'the browser cookie of another browser',
    remedy:
      'Have the user allow cookies and stay in one browser; look for a proxy that drops Set-Cookie or Cookie.',
  },
  {
    id: 'SP-AZ-15',
    reason: 'request_uri_used',
    says: 'lets a request end once the user has decided',
    holds: ({ interaction, pushed }) => interaction === undefined || pushed !== undefined,
    otherwise: refusal('invalid_request_uri', 'the request_uri was used'),
    expected: () => 'a request of which the user has not decided yet',
    received: () => 'an interaction whose request has its answer',
    remedy: 'Nothing, if the user went back in the browser; otherwise push a new request.',
  },
]
