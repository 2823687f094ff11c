import {
  certificateHeaderNames,
  CONTENT_ENCRYPTION,
  importJwks,
  KEY_MANAGEMENT,
} from '@signet/protocol'
import { z } from 'zod'

/** Kept by the proxy itself: no route may let these of the browser through. */
const OURS =
  /^(?:authorization|connection|content-length|cookie|dpop|expect|forwarded|host|keep-alive|origin|te|trailer|transfer-encoding|upgrade|x-csrf|(?:proxy|sec|x-forwarded)-.*)$/

const path = z
  .string()
  .regex(/^\/(?:[\w.~-]+\/?)*$/, 'must be a path such as /bff, without dot segments')
  .refine((value) => !/(?:^|\/)\.{1,2}(?:\/|$)/.test(value), 'must have no dot segments')
const folder = path.refine((value) => value.endsWith('/'), 'must end with /')
const seconds = z.number().positive().max(31_536_000)
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'is no scope')

const origin = z.string().refine((value) => {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.origin === value
}, 'must be an https origin, without a path and in lower case')

const issuer = z.string().refine((value) => {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && !/[?#]/.test(value) && url.username === ''
}, 'must be an https URL without query or fragment')

const target = z.string().refine((value) => {
  const url = URL.parse(value)
  return url !== null && url.href === value && value.endsWith('/') && !/[?#@]/.test(value)
}, 'must be a URL that ends with /, without query, fragment or user')

const jwksUri = z.string().refine((value) => {
  const url = URL.parse(value)
  return url?.protocol === 'https:' && url.username === '' && url.hash === ''
}, 'must be an https URL without user or fragment')

const responseKeys = z
  .strictObject({
    jwks: z
      .looseObject({ keys: z.array(z.unknown()) })
      .refine(
        (jwks) => importJwks(jwks).keys.length > 0,
        'has no key of the profile that verifies signatures',
      )
      .optional(),
    jwksUri: jwksUri.optional(),
  })
  .refine(
    ({ jwks, jwksUri: uri }) => (jwks === undefined) !== (uri === undefined),
    'needs either the keys or where they are',
  )

/** The fields of a signature: where we sign, they are ours. */
const SIGNATURE_FIELDS: ReadonlySet<string> = new Set([
  'content-digest',
  'signature',
  'signature-input',
])

const route = z
  .strictObject({
    match: folder.refine((value) => value !== '/', 'must name a folder'),
    target,
    token: z.enum(['user', 'client', 'user-or-none', 'none']),
    scopes: z.array(scope).min(1).optional(),
    resource: z.url().optional(),
    methods: z.array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])).optional(),
    requestHeaders: z
      .array(
        z
          .string()
          .regex(/^[a-z][a-z0-9-]*$/, 'must be a header name in lower case')
          .refine(
            (name) => !OURS.test(name) && !certificateHeaderNames.includes(name),
            'is a header that never passes',
          ),
      )
      .optional(),
    webSocket: z.boolean().optional(),
    eventStream: z.boolean().optional(),
    csrf: z.boolean().optional(),
    signedRequest: z.boolean().optional(),
    signedResponse: z.boolean().optional(),
    responseKeys: responseKeys.optional(),
    timeout: seconds.optional(),
  })
  .refine((value) => value.csrf !== false || value.token === 'none', {
    path: ['csrf'],
    error: 'can be off only where token is none',
  })
  .refine((value) => isSafeTarget(value.target, value.token), {
    path: ['target'],
    error: 'must be https; http only to this machine, without a token',
  })
  .refine((value) => value.signedRequest !== true || /^(?:user|client)$/.test(value.token), {
    path: ['signedRequest'],
    error: 'signs the access token: token must be user or client',
  })
  .refine(
    ({ signedRequest, requestHeaders = [] }) =>
      signedRequest !== true || !requestHeaders.some((name) => SIGNATURE_FIELDS.has(name)),
    { path: ['requestHeaders'], error: 'names a field of the signature, which is made here' },
  )
  .refine((value) => value.webSocket !== true || !isSigned(value), {
    path: ['webSocket'],
    error: 'cannot be signed',
  })
  .refine((value) => value.eventStream !== true || !isSigned(value), {
    path: ['eventStream'],
    error: 'cannot be signed',
  })
  .refine((value) => (value.signedResponse === true) === (value.responseKeys !== undefined), {
    path: ['responseKeys'],
    error: 'are for signedResponse, which needs them',
  })

const frontend = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be lower-case letters, digits, hyphens'),
  publicOrigin: origin,
  match: z.strictObject({ host: z.string().min(1).optional(), path: folder.optional() }).optional(),
  basePath: path.refine((value) => !value.endsWith('/'), 'must not end with /').optional(),
  scopes: z.array(scope).refine((all) => all.includes('openid'), 'must include openid'),
  acrValues: z.array(z.string().regex(/^[\x21-\x7e]+$/)).optional(),
  prompt: z.enum(['consent', 'login', 'select_account']).optional(),
  postLogoutPath: path.optional(),
  errorPath: path.optional(),
  static: z.string().min(1).optional(),
  contentSecurityPolicy: z
    .string()
    .regex(/^[\x20-\x7e]+$/)
    .optional(),
  routes: z.array(route).optional(),
})

/** What may be configured; unknown keys are errors. */
export const optionsSchema: z.ZodType = z.strictObject({
  issuer,
  client: z.strictObject({
    client_id: z.string().min(1),
    keys: z.array(z.record(z.string(), z.unknown())).min(1).optional(),
    tls: z.strictObject({ certificate: z.string(), key: z.string() }).optional(),
    authentication: z
      .enum(['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])
      .optional(),
    senderConstraint: z.enum(['dpop', 'mtls']).optional(),
    useMtlsEndpointAliases: z.boolean().optional(),
    decryptionKeys: z.array(z.record(z.string(), z.unknown())).min(1).optional(),
  }),
  frontends: z.array(frontend).min(1),
  sessions: z.strictObject({
    store: z.custom((value) => typeof value === 'object' && value !== null, 'must be a store'),
    sliding: seconds.optional(),
    absolute: seconds.optional(),
    keys: z
      .array(z.instanceof(Uint8Array).refine((key) => key.length === 32, 'must be 32 bytes'))
      .min(1),
  }),
  requestedClaims: z.record(z.string(), z.unknown()).optional(),
  userinfo: z.boolean().optional(),
  profile: z.enum(['fapi2-security', 'fapi2-message-signing']).optional(),
  requestObject: z.boolean().optional(),
  requestObjectEncryption: z
    .strictObject({ alg: z.enum(KEY_MANAGEMENT), enc: z.enum(CONTENT_ENCRYPTION) })
    .optional(),
  signedResponse: z.boolean().optional(),
  timeout: seconds.optional(),
  ca: z.string().includes('-----BEGIN CERTIFICATE-----').optional(),
  development: z.boolean().optional(),
  clock: z.custom((value) => typeof value === 'object' && value !== null).optional(),
  random: z.custom((value) => typeof value === 'function').optional(),
  onEvent: z.custom((value) => typeof value === 'function').optional(),
})

interface Signed {
  readonly signedRequest?: boolean | undefined
  readonly signedResponse?: boolean | undefined
}

function isSigned({ signedRequest, signedResponse }: Signed): boolean {
  return signedRequest === true || signedResponse === true
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

function isSafeTarget(value: string, token: string): boolean {
  const url = URL.parse(value)
  if (url?.protocol === 'https:') return true
  return url?.protocol === 'http:' && token === 'none' && LOOPBACK.has(url.hostname)
}
