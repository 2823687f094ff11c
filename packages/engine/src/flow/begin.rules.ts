import { invalidRequest, refusal, type Rules } from '@signet/protocol'
import type { Client } from '../clients/client.ts'
import type { PushedRequest } from '../store/ephemeral.ts'
import type { Seconds } from '../store/values.ts'
import { REQUEST_URI_PREFIX } from './push.ts'

/** What a browser brings in the query; everything else in it has no meaning (RFC 9126 §4). */
export interface Arrival {
  readonly clientId: string | undefined
  readonly requestUri: string | undefined
}

export interface AcceptedArrival extends Arrival {
  readonly clientId: string
  readonly requestUri: string
}

/** What an authorization request must be made of. */
export const arrivalRules: Rules<Arrival, AcceptedArrival> = [
  {
    id: 'OAU-02',
    reason: 'client_id_missing',
    says: 'shows an error, and redirects nowhere, when client_id is missing',
    holds: ({ clientId }) => clientId !== undefined,
    otherwise: invalidRequest('client_id is required'),
    expected: () => 'client_id and request_uri in the query',
    received: () => 'no client_id',
    remedy: 'Send the client_id that pushed the request, beside request_uri.',
  },
  {
    id: 'SP-AZ-03',
    reason: 'request_not_pushed',
    says: 'refuses an authorization request that did not come through PAR',
    holds: ({ requestUri }) => requestUri?.startsWith(REQUEST_URI_PREFIX) === true,
    otherwise: invalidRequest(
      'a request_uri of the pushed authorization request endpoint is required',
    ),
    expected: () => `a request_uri that begins with ${REQUEST_URI_PREFIX}`,
    received: ({ requestUri }) =>
      requestUri === undefined
        ? 'no request_uri'
        : `a request_uri that begins with ${requestUri.slice(0, REQUEST_URI_PREFIX.length)}`,
    remedy: 'Push the request first and send the browser with the request_uri of the answer.',
  },
]

/** A reference and what it stands for. */
export interface Reference {
  readonly clientId: string
  readonly pushed: PushedRequest | undefined
  readonly now: Seconds
}

export interface AcceptedReference extends Reference {
  readonly pushed: PushedRequest
}

/** What a `request_uri` must respect to open anything. Read beside RFC 9126 §4. */
export const referenceRules: Rules<Reference, AcceptedReference> = [
  {
    id: 'PAR-10',
    reason: 'request_uri_unusable',
    says: 'refuses a request_uri that is unknown, used or expired',
    holds: ({ pushed, now }) => pushed !== undefined && now < pushed.expiresAt,
    otherwise: refusal(
      'invalid_request_uri',
      'the request_uri is unknown, was used or has expired',
    ),
    expected: () => 'a request_uri within its expires_in, of which the user has not decided yet',
    received: ({ pushed, now }) =>
      pushed === undefined
        ? 'a request_uri that was never given out, was used, or expired long ago'
        : `a request_uri that expired ${now - pushed.expiresAt} s ago, at ${pushed.expiresAt}`,
    remedy: 'Push a new request for every attempt and send the browser at once.',
  },
  {
    id: 'PAR-06',
    reason: 'request_uri_of_other_client',
    says: 'takes a request_uri only together with the client that pushed it',
    holds: ({ clientId, pushed }) => pushed === undefined || pushed.clientId === clientId,
    otherwise: invalidRequest('the request_uri does not belong to this client_id'),
    expected: ({ pushed }) => `client_id ${pushed?.clientId ?? ''}`,
    received: ({ clientId }) => `client_id ${clientId}`,
    remedy:
      'Send the client_id that pushed the request; if both are yours, look for mixed-up sessions.',
  },
]

/** A pushed request and the client as it is registered now, which may not be as it was at the push. */
export interface Pending {
  readonly pushed: PushedRequest
  readonly client: Client | undefined
}

export interface TrustedPending extends Pending {
  readonly client: Client
}

/** What must still be true of the client before a browser is sent to it. Read beside RFC 9126 §7.4. */
export const trustRules: Rules<Pending, TrustedPending> = [
  {
    id: 'PAR-13',
    reason: 'client_not_registered_any_more',
    says: 'evaluates the policy for the client again when the request_uri is used',
    holds: ({ client }) => client !== undefined,
    otherwise: invalidRequest('the client is not registered, or was disabled'),
    expected: ({ pushed }) => `a registered, enabled client ${pushed.clientId}`,
    received: () => 'a client that was disabled or removed since it pushed',
    remedy: 'Enable the client again, if it should be.',
  },
  {
    id: 'OAU-11',
    reason: 'redirect_uri_not_registered_any_more',
    says: 'compares redirect_uri with the registered ones character by character, at the use too',
    holds: ({ client, pushed }) =>
      client === undefined || client.redirectUris.includes(pushed.parameters.redirect_uri),
    otherwise: invalidRequest('redirect_uri is not registered'),
    expected: ({ client }) => `one of ${client?.redirectUris.join(' ') ?? ''}`,
    received: ({ pushed }) => pushed.parameters.redirect_uri,
    remedy: 'The registration was changed after the push: register the URI again, or push anew.',
  },
  {
    id: 'MS-JARM-01',
    reason: 'response_mode_unsupported_any_more',
    says: 'answers in a mode that is offered to the client, at the use too',
    holds: ({ client, pushed: { parameters } }) =>
      client === undefined || client.responseModes.has(parameters.response_mode ?? 'query'),
    otherwise: invalidRequest('response_mode is not offered to this client'),
    expected: ({ client }) =>
      `response_mode among: ${client === undefined ? '' : [...client.responseModes].join(' ')}`,
    received: ({ pushed }) =>
      `response_mode ${pushed.parameters.response_mode ?? 'missing: query'}`,
    remedy: 'The registration was changed after the push: push anew.',
  },
]
