import { invalidRequest, type IdTokenClaims, type Rules } from '@signet/protocol'
import type { Client } from '../clients/client.ts'

/** A client that wants the user to be logged out. */
export interface Logout {
  /** The verified `id_token_hint`: a proof that this server gave the client an ID token for the user. */
  readonly hint: IdTokenClaims | undefined
  /** As the request names it: unproved. */
  readonly clientId: string | undefined
  /** The registered client that the hint names, or else the request. */
  readonly client: Client | undefined
  readonly postLogoutRedirectUri: string | undefined
}

/** What a logout request must respect. Read beside RP-Initiated Logout §2 and §3. */
export const logoutRules: Rules<Logout, Logout> = [
  {
    id: 'LOG-03',
    reason: 'hint_of_other_client',
    says: 'takes an id_token_hint only together with the client it was issued to',
    holds: ({ hint, clientId }) =>
      hint === undefined || clientId === undefined || hint.aud === clientId,
    otherwise: invalidRequest('client_id is not the client of the id_token_hint'),
    expected: ({ hint }) => `client_id ${hint?.aud ?? ''}, the aud of the id_token_hint`,
    received: ({ clientId }) => `client_id ${clientId ?? ''}`,
    remedy: 'Send the ID token that was issued to this client, or leave client_id out.',
  },
  {
    id: 'LOG-02',
    reason: 'post_logout_redirect_uri_not_registered',
    says: 'redirects after logout to an exactly registered URI of the client only',
    holds: ({ hint, clientId, client, postLogoutRedirectUri }) =>
      postLogoutRedirectUri === undefined ||
      (hint === undefined && clientId === undefined) ||
      client?.postLogoutRedirectUris.includes(postLogoutRedirectUri) === true,
    otherwise: invalidRequest('post_logout_redirect_uri is not registered'),
    expected: ({ client }) =>
      client === undefined
        ? 'a registered, enabled client'
        : `one of: ${client.postLogoutRedirectUris.join(' ')}`,
    received: ({ postLogoutRedirectUri }) => postLogoutRedirectUri ?? '',
    remedy: 'Register the URI in post_logout_redirect_uris exactly as it is sent.',
  },
]
