import type { BffOptions, ClientOptions, FrontendOptions, RouteOptions } from '@signet/bff'
import { CONTENT_ENCRYPTION, KEY_MANAGEMENT } from '@signet/protocol'
import { z } from 'zod'
import {
  listenSchema,
  logSchema,
  managementSchema,
  seconds,
  storeSchema,
} from '../config/schema.ts'
import type { Snake } from './names.ts'

/**
 * Everything the configuration file of a BFF may say: its options, and where the process listens and keeps things. What the
 * values must be like is for the BFF to say (`checkOptions`); an option without a setting does not compile.
 */
type Settings<Options> = Record<Snake<Extract<keyof Options, string>>, z.ZodType>

const text = z.string()
const texts = z.array(text)

const jwks = z.looseObject({ keys: z.array(z.looseObject({ kty: text })) })

const route = z.strictObject({
  match: text.describe('The path below which the route begins, such as /api/.'),
  target: text.describe('Where it leads, such as https://api.example/v1/.'),
  token: z.enum(['user', 'client', 'user-or-none', 'none']).describe('Whose access token it adds.'),
  scopes: texts.optional().describe('Fewer than the login asked for.'),
  resource: text.optional().describe('The resource parameter (RFC 8707).'),
  methods: texts.optional(),
  request_headers: texts.optional().describe('Header fields that pass besides the common ones.'),
  web_socket: z.boolean().optional(),
  event_stream: z.boolean().optional().describe('Takes EventSource, which cannot send X-CSRF.'),
  csrf: z.boolean().optional().describe('false only where token is none.'),
  signed_request: z.boolean().optional().describe('Signs each call with the key of the client.'),
  signed_response: z.boolean().optional().describe('Takes answers only that the API has signed.'),
  response_keys: z
    .strictObject({ jwks: jwks.optional(), jwks_uri: text.optional() })
    .optional()
    .describe('The keys of the API, for signed_response: one of both.'),
  timeout: seconds.optional().describe('How long the API may be silent before it answers.'),
} satisfies Settings<RouteOptions>)

const frontend = z.strictObject({
  name: text.describe('Lower-case letters, digits and hyphens; names the cookies.'),
  public_origin: text.describe('Where browsers see it, such as https://app.example.'),
  match: z.strictObject({ host: text.optional(), path: text.optional() }).optional(),
  base_path: text.optional().describe('Of the endpoints of the BFF; /bff below the folder.'),
  scopes: texts.describe('What a login asks for, openid among it.'),
  acr_values: texts.optional().describe('What a login may be asked to reach.'),
  prompt: z.enum(['consent', 'login', 'select_account']).optional(),
  post_logout_path: text.optional(),
  error_path: text.optional().describe('Where a login that failed leads, with error=.'),
  static: text.optional().describe('The folder with the files of the app.'),
  content_security_policy: text.optional(),
  routes: z.array(route).optional(),
} satisfies Settings<FrontendOptions>)

const keyFiles = z.array(text).min(1)

const client = z.strictObject({
  client_id: text,
  key_files: keyFiles
    .optional()
    .describe('Private keys as JWK, one in each file. The first signs.'),
  tls: z
    .strictObject({
      certificate: text.describe('PEM file, the chain included.'),
      key: text.describe('PEM file.'),
    })
    .optional()
    .describe('What the client shows where certificates are asked for.'),
  authentication: z
    .enum(['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'])
    .optional(),
  sender_constraint: z
    .enum(['dpop', 'mtls'])
    .optional()
    .describe('What access tokens are bound to.'),
  use_mtls_endpoint_aliases: z
    .boolean()
    .optional()
    .describe('Calls the endpoints that ask for certificates, whatever else needs them.'),
  decryption_key_files: keyFiles
    .optional()
    .describe('Private keys as JWK, one in each file, for what is encrypted to the client.'),
} satisfies Settings<
  Omit<ClientOptions, 'keys' | 'decryptionKeys'> &
    Record<'keyFiles' | 'decryptionKeyFiles', unknown>
>)

/** Options that are for tests and programs, and those that stand in the file under another name. */
type NotInFile = 'clock' | 'random' | 'onEvent' | 'ca'

const options = {
  issuer: text.describe('The authorization server; everything else about it is discovered.'),
  client,
  frontends: z.array(frontend).min(1),
  sessions: z.strictObject({
    sliding: seconds.optional().describe('How long a session lives without use.'),
    absolute: seconds.optional().describe('How long a session lives at most.'),
    key_files: keyFiles.describe('32 bytes each, raw or in base64url. The first encrypts.'),
  }),
  requested_claims: z.record(z.string(), z.unknown()).optional().describe('The claims parameter.'),
  userinfo: z.boolean().optional().describe('Asks the UserInfo endpoint at login.'),
  profile: z
    .enum(['fapi2-security', 'fapi2-message-signing'])
    .optional()
    .describe('fapi2-message-signing turns on request_object and signed_response.'),
  request_object: z.boolean().optional().describe('Signs the pushed request (JAR).'),
  request_object_encryption: z
    .strictObject({ alg: z.enum(KEY_MANAGEMENT), enc: z.enum(CONTENT_ENCRYPTION) })
    .optional()
    .describe('Encrypts the signed request, as it is registered.'),
  signed_response: z.boolean().optional().describe('Takes signed responses only (JARM).'),
  timeout: seconds.optional().describe('How long the authorization server may take.'),
  development: z.boolean().optional().describe('Shows /bff/diagnostics.'),
} satisfies Settings<Omit<BffOptions, NotInFile>>

export const bffSchema = z
  .strictObject({
    $schema: text.optional(),
    ...options,
    trusted_cas: texts.optional().describe('PEM files, trusted beside those of Node.'),
    listen: listenSchema,
    management: managementSchema.optional(),
    store: storeSchema,
    log: logSchema.optional(),
    drain: seconds.optional().describe('How long requests under way may take on SIGTERM.'),
  })
  .describe('Configuration of the backend for frontend of Signet.')

/** A configuration file of a BFF, as it is written. */
export type BffFile = z.infer<typeof bffSchema>
