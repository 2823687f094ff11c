import {
  invalidRequest,
  isChallenge,
  refusal,
  type Rules,
  type VerifiedProof,
} from '@signet/protocol'
import { words, type AuthorizationParameters } from '../authorization-parameters.ts'
import type { Client } from '../clients/client.ts'
import type { Service } from '../config.ts'
import { isKnownScope } from '../scopes.ts'
import { parseClaimsRequest } from '../tokens/claims-request.ts'
import { isResponseMode, type ResponseMode } from '../response-modes.ts'
import { knownResource } from '../tokens/audience.ts'
import type { AuthorizationRequest } from './authorization-request.ts'

/** A pushed authorization request of an authenticated client. */
export interface Push {
  readonly client: Client
  readonly service: Service
  readonly parameters: AuthorizationParameters
  /** How the client said what it asks for. */
  readonly by: AuthorizationRequest['by']
  readonly proof: VerifiedProof | undefined
  /** Whether the form had a `request_uri`. */
  readonly requestUriSent: boolean
}

export interface AcceptedPush extends Push {
  readonly parameters: AuthorizationParameters &
    Required<Pick<AuthorizationParameters, 'redirect_uri' | 'code_challenge'>> & {
      readonly response_mode?: ResponseMode
    }
}

/** Characters of `nonce` and `state`: what fits a column, a header and a URL, and is returned whole or refused. */
const LONGEST_NONCE = 1_024
const LONGEST_STATE = 8_192

/** What is kept with the request although nobody has to return it, and how long it may be, in characters. */
const LONGEST_HINT = 4_096
const HINTS = ['scope', 'acr_values', 'login_hint', 'ui_locales'] as const

/** A base64url SHA-256 thumbprint. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/

/** Some seconds, in at most nine digits. */
const AGE = /^\d{1,9}$/

const PROMPTS: ReadonlySet<string> = new Set(['none', 'login', 'consent', 'select_account'])

/** What a pushed authorization request must respect. Read beside FAPI 2.0 §5.3.2.2. Next: `begin.ts`, where the browser arrives. */
export const pushRules: Rules<Push, AcceptedPush> = [
  {
    id: 'PAR-02',
    reason: 'request_uri_pushed',
    says: 'takes no request_uri where one is being made',
    holds: ({ requestUriSent }) => !requestUriSent,
    otherwise: invalidRequest('request_uri is not allowed here'),
    expected: () => 'the authorization parameters themselves',
    received: () => 'a request_uri',
    remedy: 'Push the parameters; the request_uri comes with the answer.',
  },
  {
    id: 'MS-JAR-01',
    reason: 'request_unsigned',
    says: 'takes signed requests only, of a client that has to sign them',
    holds: ({ client, by }) => !client.requestObject.required || by !== 'form',
    otherwise: invalidRequest('a signed request object is required'),
    expected: () => 'request, with a request object signed by the client',
    received: () => 'the parameters in the form',
    remedy: 'Send all parameters in a signed request object (RFC 9101), and nothing beside it.',
  },
  {
    id: 'JAR-09',
    reason: 'request_not_encrypted',
    says: 'takes encrypted requests only, of a client that registered to encrypt them',
    holds: ({ client, by }) =>
      client.requestObject.encryption === undefined || by === 'signed and encrypted',
    otherwise: refusal('invalid_request_object', 'the request object must be encrypted'),
    expected: ({ client }) =>
      `a request object encrypted by ${client.requestObject.encryption?.alg ?? ''}`,
    received: ({ by }) =>
      by === 'form' ? 'the parameters in the form' : 'one that is signed only',
    remedy: 'Encrypt the signed request object, or register no request_object_encryption_alg.',
  },
  {
    id: 'PAR-03',
    reason: 'code_flow_not_registered',
    says: 'starts the code flow only for clients registered for it',
    holds: ({ client }) => client.grantTypes.has('authorization_code'),
    otherwise: refusal(
      'unauthorized_client',
      'the client is not registered for authorization_code',
    ),
    expected: () => 'a client with grant type authorization_code',
    received: ({ client }) => `grant types ${[...client.grantTypes].join(' ')}`,
    remedy: 'Add authorization_code to grant_types of the client, if it is to log users in.',
  },
  {
    id: 'SP-AZ-01',
    reason: 'response_type_not_code',
    says: 'takes response_type code and no other',
    holds: ({ parameters }) => parameters.response_type === 'code',
    otherwise: refusal('unsupported_response_type', 'response_type must be code'),
    expected: () => 'response_type=code',
    received: ({ parameters }) => `response_type ${parameters.response_type ?? 'missing'}`,
    remedy: 'Use the authorization code flow.',
  },
  {
    id: 'MS-JAR-10',
    reason: 'response_mode_unsupported',
    says: 'takes no response_mode it does not offer to the client',
    holds: ({ client, parameters: { response_mode: mode = 'query' } }) =>
      isResponseMode(mode) && client.responseModes.has(mode),
    otherwise: invalidRequest('response_mode is not offered to this client'),
    expected: ({ client }) => `response_mode among: ${[...client.responseModes].join(' ')}`,
    received: ({ parameters }) => `response_mode ${parameters.response_mode ?? 'missing: query'}`,
    remedy:
      'Send one of these. A client that has to take signed responses sends response_mode=jwt.',
  },
  {
    id: 'SP-AZ-05',
    reason: 'pkce_not_s256',
    says: 'requires PKCE with S256, stated and not assumed',
    holds: ({ parameters: { code_challenge, code_challenge_method } }) =>
      code_challenge !== undefined && code_challenge_method === 'S256',
    otherwise: invalidRequest('code_challenge with code_challenge_method S256 is required'),
    expected: () => 'code_challenge, and code_challenge_method=S256',
    received: ({ parameters: { code_challenge, code_challenge_method } }) =>
      `code_challenge ${code_challenge === undefined ? 'missing' : 'present'}, code_challenge_method ${code_challenge_method ?? 'missing'}`,
    remedy: 'Make a new code_verifier for each request and send its SHA-256 as code_challenge.',
  },
  {
    id: 'PKCE-06',
    reason: 'pkce_challenge_malformed',
    says: 'requires a code_challenge that can be an S256 digest',
    holds: ({ parameters: { code_challenge } }) =>
      code_challenge === undefined || isChallenge(code_challenge),
    otherwise: invalidRequest('code_challenge is not a base64url SHA-256 digest'),
    expected: () => '43 characters of base64url, without padding',
    received: ({ parameters: { code_challenge } }) => `${code_challenge?.length ?? 0} characters`,
    remedy: 'Encode the SHA-256 of the verifier as base64url without padding, not as hex.',
  },
  {
    id: 'SP-AZ-06',
    reason: 'redirect_uri_missing',
    says: 'requires redirect_uri in every pushed request, also when only one is registered',
    holds: ({ parameters }) => parameters.redirect_uri !== undefined,
    otherwise: invalidRequest('redirect_uri is required'),
    expected: ({ client }) => `one of ${client.redirectUris.join(' ')}`,
    received: () => 'no redirect_uri',
    remedy: 'Send redirect_uri.',
  },
  {
    id: 'OAU-11',
    reason: 'redirect_uri_not_registered',
    says: 'compares redirect_uri with the registered ones character by character',
    holds: ({ client, parameters: { redirect_uri } }) =>
      redirect_uri === undefined || client.redirectUris.includes(redirect_uri),
    otherwise: invalidRequest('redirect_uri is not registered'),
    expected: ({ client }) => `one of ${client.redirectUris.join(' ')}`,
    received: ({ parameters }) => parameters.redirect_uri ?? '',
    remedy: 'Register the URI exactly as it is sent: scheme, case, port, path, slash and query.',
  },
  {
    id: 'SP-AS-14',
    reason: 'scope_not_allowed',
    says: 'grants a client no scope beyond those it is registered for',
    holds: ({ client, service, parameters: { scope } }) =>
      words(scope).every((name) => client.scopes.has(name) && isKnownScope(service, name)),
    otherwise: refusal(
      'invalid_scope',
      'a requested scope is unknown or not allowed for this client',
    ),
    expected: ({ client }) => `scopes among: ${[...client.scopes].join(' ')}`,
    received: ({ parameters }) => parameters.scope ?? '',
    remedy:
      'Ask for fewer scopes, or add them to scope of the client and to scopes of the service.',
  },
  {
    id: 'SP-AZ-14',
    reason: 'nonce_too_long',
    says: 'returns a nonce whole or refuses it',
    holds: ({ parameters }) => (parameters.nonce?.length ?? 0) <= LONGEST_NONCE,
    otherwise: invalidRequest('nonce is too long'),
    expected: () => `at most ${LONGEST_NONCE} characters`,
    received: ({ parameters }) => `${parameters.nonce?.length ?? 0} characters`,
    remedy: 'Use a shorter nonce; 43 characters of base64url are plenty.',
  },
  {
    id: 'SP-AZ-16',
    reason: 'state_too_long',
    says: 'returns a state whole or refuses it',
    holds: ({ parameters }) => (parameters.state?.length ?? 0) <= LONGEST_STATE,
    otherwise: invalidRequest('state is too long'),
    expected: () => `at most ${LONGEST_STATE} characters`,
    received: ({ parameters }) => `${parameters.state?.length ?? 0} characters`,
    remedy: 'Keep the data at the client and send a reference to it as state.',
  },
  {
    id: 'OAU-05',
    reason: 'parameter_too_long',
    says: 'keeps no parameter of any length',
    holds: ({ parameters }) => tooLong(parameters) === undefined,
    otherwise: invalidRequest('scope, acr_values, login_hint or ui_locales is too long'),
    expected: () => `at most ${LONGEST_HINT} characters each`,
    received: ({ parameters }) => {
      const name = tooLong(parameters) ?? 'scope'
      return `${name} of ${parameters[name]?.length ?? 0} characters`
    },
    remedy: 'Send less.',
  },
  {
    id: 'DPOP-JKT-01',
    reason: 'dpop_jkt_malformed',
    says: 'binds the code to dpop_jkt, which must be able to be a key thumbprint',
    holds: ({ parameters: { dpop_jkt } }) => dpop_jkt === undefined || THUMBPRINT.test(dpop_jkt),
    otherwise: invalidRequest('dpop_jkt is not a SHA-256 JWK thumbprint'),
    expected: () => '43 characters of base64url',
    received: ({ parameters }) => parameters.dpop_jkt ?? '',
    remedy: 'Send the RFC 7638 SHA-256 thumbprint of the DPoP key, or a DPoP header instead.',
  },
  {
    id: 'DPOP-JKT-03',
    reason: 'dpop_jkt_differs',
    says: 'refuses a dpop_jkt that is not the key of the DPoP header beside it',
    holds: ({ proof, parameters: { dpop_jkt } }) =>
      proof === undefined ||
      dpop_jkt === undefined ||
      !THUMBPRINT.test(dpop_jkt) ||
      dpop_jkt === proof.jkt,
    otherwise: invalidRequest('dpop_jkt differs from the key of the DPoP proof'),
    expected: ({ proof }) =>
      `dpop_jkt ${proof?.jkt ?? ''}, the thumbprint of the key in the DPoP header`,
    received: ({ parameters }) => `dpop_jkt ${parameters.dpop_jkt ?? ''}`,
    remedy: 'Send the header alone: it binds the code to its key.',
  },
  {
    id: 'MTLS-07',
    reason: 'dpop_key_unexpected',
    says: 'binds no code to a DPoP key whose client gets tokens bound to its certificate',
    holds: ({ client, proof, parameters: { dpop_jkt } }) =>
      client.senderConstraint !== 'mtls' || (proof === undefined && dpop_jkt === undefined),
    otherwise: invalidRequest('the client is registered for tokens bound to its certificate'),
    expected: () =>
      'neither a DPoP header nor dpop_jkt (tls_client_certificate_bound_access_tokens is true)',
    received: ({ proof }) => (proof === undefined ? 'dpop_jkt' : 'a DPoP header'),
    remedy: 'Leave both out, or register the client with dpop_bound_access_tokens instead.',
  },
  {
    id: 'OIDC-10',
    reason: 'prompt_or_max_age_invalid',
    says: 'takes prompt none alone, no unknown prompt, and max_age in whole seconds',
    holds: ({ parameters: { prompt, max_age } }) => {
      const asked = words(prompt)
      if (!asked.every((value) => PROMPTS.has(value))) return false
      if (asked.includes('none') && asked.length > 1) return false
      return max_age === undefined || AGE.test(max_age)
    },
    otherwise: invalidRequest('prompt or max_age is not valid'),
    expected: () =>
      'prompt of none, or of login consent select_account; max_age a number of seconds',
    received: ({ parameters }) =>
      `prompt ${parameters.prompt ?? 'missing'}, max_age ${parameters.max_age ?? 'missing'}`,
    remedy: 'Correct prompt and max_age.',
  },
  {
    id: 'OIDC-13',
    reason: 'claims_malformed',
    says: 'takes a claims parameter that is a JSON object of the shape of OIDC Core 5.5',
    holds: ({ parameters: { claims } }) =>
      claims === undefined || parseClaimsRequest(claims) !== undefined,
    otherwise: invalidRequest('claims is not a valid claims request'),
    expected: () =>
      'a JSON object with userinfo and id_token members, each claim null or an object',
    received: ({ parameters }) => `${parameters.claims?.length ?? 0} characters of something else`,
    remedy: 'Correct the JSON of claims.',
  },
  {
    id: 'RES-01',
    reason: 'resource_unknown',
    says: 'gives tokens only for resources it knows',
    holds: ({ service, parameters: { resource } }) =>
      resource === undefined || resource.every((value) => knownResource(service, value)),
    otherwise: refusal('invalid_target', 'a requested resource is unknown or malformed'),
    expected: ({ service }) =>
      `resources among: ${service.resources.map(({ identifier }) => identifier).join(' ')}`,
    received: ({ parameters }) => parameters.resource?.join(' ') ?? '',
    remedy: 'Name an API listed under resources in the configuration, character by character.',
  },
]

function tooLong(parameters: AuthorizationParameters): (typeof HINTS)[number] | undefined {
  return HINTS.find((name) => (parameters[name]?.length ?? 0) > LONGEST_HINT)
}
