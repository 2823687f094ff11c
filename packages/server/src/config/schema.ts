import { PROFILES } from '@signet/engine'
import { CERTIFICATE_HEADER_FORMATS, KEY_MANAGEMENT } from '@signet/protocol'
import { z } from 'zod'
import type { ConfigFile, StoreFile } from './file.ts'
import { isNetwork } from './networks.ts'

/** Everything a configuration file may say. Names are those of the wire and of the documentation. */

export const seconds: z.ZodInt = z.int().min(1)
/** Shorter ones are days by mistake: each key stays published for a day. */
const period = z
  .int()
  .min(0)
  .refine((value) => value === 0 || value >= 3_600, 'must be 3600 seconds at least, or 0 for never')
const port = z.int().min(0).max(65_535)
const algorithm = z.enum(['ES256', 'PS256', 'EdDSA'])

const profile = z.enum(PROFILES)
/** Several values are for the time in which one certificate takes the place of another. */
const names = z.union([z.string(), z.array(z.string())])

const jwks = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** What `clients` of the file and `signet client add` take. */
export const clientSchema: z.ZodType<Readonly<Record<string, unknown>>> = z
  .strictObject({
    client_id: z.string().min(1).max(255),
    client_name: z.string().optional(),
    client_uri: z.string().optional(),
    application_type: z.enum(['web', 'native']).optional(),
    redirect_uris: z.array(z.string()).optional(),
    post_logout_redirect_uris: z.array(z.string()).optional(),
    backchannel_logout_uri: z.string().optional(),
    backchannel_logout_session_required: z.boolean().optional(),
    token_endpoint_auth_method: z.string().optional(),
    token_endpoint_auth_signing_alg: z.string().optional(),
    tls_client_auth_subject_dn: names.optional(),
    tls_client_auth_san_dns: names.optional(),
    tls_client_auth_san_uri: names.optional(),
    tls_client_auth_san_ip: names.optional(),
    tls_client_auth_san_email: names.optional(),
    jwks: jwks.optional(),
    jwks_uri: z.string().optional(),
    grant_types: z.array(z.string()).optional(),
    response_types: z.array(z.string()).optional(),
    scope: z.string().optional(),
    dpop_bound_access_tokens: z.boolean().optional(),
    tls_client_certificate_bound_access_tokens: z.boolean().optional(),
    use_mtls_endpoint_aliases: z.boolean().optional(),
    require_pushed_authorization_requests: z.boolean().optional(),
    require_signed_request_object: z.boolean().optional(),
    request_object_signing_alg: z.string().optional(),
    request_object_encryption_alg: z.string().optional(),
    request_object_encryption_enc: z.string().optional(),
    response_modes: z.array(z.string()).optional(),
    authorization_signed_response_alg: z.string().optional(),
    authorization_encrypted_response_alg: z.string().optional(),
    authorization_encrypted_response_enc: z.string().optional(),
    id_token_signed_response_alg: z.string().optional(),
    id_token_encrypted_response_alg: z.string().optional(),
    id_token_encrypted_response_enc: z.string().optional(),
    userinfo_signed_response_alg: z.string().optional(),
    userinfo_encrypted_response_alg: z.string().optional(),
    userinfo_encrypted_response_enc: z.string().optional(),
    introspection_signed_response_alg: z.string().optional(),
    introspection_encrypted_response_alg: z.string().optional(),
    introspection_encrypted_response_enc: z.string().optional(),
    subject_type: z.string().optional(),
    default_max_age: z.int().min(0).optional(),
    require_auth_time: z.boolean().optional(),
    default_acr_values: z.array(z.string()).optional(),
    contacts: z.array(z.string()).optional(),
    logo_uri: z.string().optional(),
    policy_uri: z.string().optional(),
    tos_uri: z.string().optional(),
    access_token_format: z.enum(['jwt', 'opaque']).optional(),
    profile: profile.optional().describe('What it is held to beyond the profile of the service.'),
  })
  .describe(
    'A client: RFC 7591 metadata of all extensions, access_token_format (jwt or opaque), and profile.',
  )

const user = z.strictObject({
  username: z.string().min(1).max(255),
  password_hash: z
    .string()
    .startsWith('$argon2id$', 'must be a PHC string of Argon2id (signet user hash makes one)'),
  claims: z.record(z.string(), z.unknown()).optional(),
})

const scope = z.strictObject({
  description: z.strictObject({ en: z.string().min(1), de: z.string().min(1).optional() }),
})

const resource = z.strictObject({
  resource: z.string().describe('The resource parameter and the aud claim (RFC 8707).'),
  scopes: z.array(z.string()).optional().describe('What its tokens may carry; absent: any scope.'),
  introspection_clients: z
    .array(z.string())
    .optional()
    .describe('The clients that are this API and may introspect its tokens.'),
})

/** What one issuer is. */
const service = {
  issuer: z.string().describe('https URL, without query or fragment; a path is allowed.'),
  name: z.string().min(1).max(100).optional().describe('Shown on the pages.'),
  profile: profile.optional(),
  lifetimes: z
    .strictObject({
      pushed_request: seconds.optional().describe('At most 599.'),
      interaction: seconds.optional().describe('From the link to the decision; at most 3600.'),
      code: seconds.optional().describe('At most 60.'),
      access_token: seconds.optional().describe('At most 3600.'),
      refresh_token: seconds.optional(),
      id_token: seconds.optional(),
      session: seconds.optional().describe('How long a login is remembered.'),
    })
    .optional()
    .describe('In seconds.'),
  dpop: z.strictObject({ nonce: z.enum(['off', 'required']).optional() }).optional(),
  status_list: z
    .strictObject({
      enabled: z.boolean().optional(),
      ttl: seconds.optional().describe('How long others may keep a list; at most 300.'),
    })
    .optional()
    .describe('Whether access tokens name their place in a published list of revoked ones.'),
  signing_algorithms: z.array(algorithm).min(1).optional().describe('The preferred one first.'),
  request_object_encryption: z
    .array(z.enum(KEY_MANAGEMENT))
    .optional()
    .describe('How clients may encrypt request objects; absent: not at all.'),
  clients: z.array(clientSchema).optional(),
  scopes: z.record(z.string(), scope).optional(),
  resources: z.array(resource).optional(),
  default_resource: z.string().optional(),
  users: z.array(user).optional(),
}

/** Where a process listens. */
export const listenSchema = z.strictObject({
  host: z.string().optional(),
  port,
  tls: z
    .strictObject({
      certificate: z.string().describe('PEM file (or PEM), the chain included.'),
      key: z.string().describe('PEM file (or PEM).'),
    })
    .optional(),
})

const origin = z
  .string()
  .regex(/^https:\/\/[^/?#@\\\s]+\/?$/, 'must be an https origin, like https://mtls.example:9444')

/** Where clients come with certificates. */
const mtlsSchema = z
  .strictObject({
    origin: origin.describe('Where clients see the aliases of the endpoints they call directly.'),
    listen: listenSchema,
    trusted_cas: z
      .array(z.string())
      .optional()
      .describe('PEM files: who may issue the certificates of tls_client_auth.'),
  })
  .describe('The second listener, for clients with certificates (RFC 8705).')

const proxiesSchema = z
  .strictObject({
    trusted: z
      .array(
        z
          .string()
          .refine(isNetwork, 'must be an IP address or a network, like 10.1.0.0/16, and not all'),
      )
      .min(1)
      .describe('From there X-Forwarded-For and the header field below are believed.'),
    client_certificate_header: z
      .enum(CERTIFICATE_HEADER_FORMATS)
      .optional()
      .describe('How they bring the certificate of a client; absent: the connection tells it.'),
  })
  .describe('What stands before this server and ends TLS.')

/** Where it is looked after. */
export const managementSchema = z.strictObject({ host: z.string().optional(), port })

export const logSchema = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
})

const serviceSchema = z.strictObject({
  ...service,
  mtls_origin: origin
    .optional()
    .describe('Instead of mtls.origin, for services that share a path and differ by host.'),
})

export const storeSchema: z.ZodType<StoreFile> = z
  .strictObject({
    sqlite: z.string().optional().describe('The database file.'),
    postgres: z
      .string()
      .optional()
      .describe('postgres://user:password@host:5432/database?sslmode=verify-full'),
    redis: z.string().optional().describe('rediss://user:password@host:6379'),
    connections: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe('To PostgreSQL, of each process, at most.'),
    prepared_statements: z
      .boolean()
      .optional()
      .describe('false behind PgBouncer, or another pooler of connections.'),
    trusted_cas: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('PEM files: who may issue the certificates of PostgreSQL and Redis.'),
  })
  .describe('Where state is kept.')

export const configSchema: z.ZodType<ConfigFile> = z
  .strictObject({
    $schema: z.string().optional(),
    ...service,
    issuer: service.issuer.optional(),
    services: z
      .array(serviceSchema)
      .min(1)
      .optional()
      .describe('Several issuers in one process; instead of issuer and what belongs to it.'),
    listen: listenSchema,
    mtls: mtlsSchema.optional(),
    proxies: proxiesSchema.optional(),
    management: managementSchema.optional(),
    store: storeSchema,
    log: logSchema.optional(),
    outgoing: z
      .strictObject({
        allow_private_hosts: z.array(z.string()).optional(),
        trusted_cas: z.array(z.string()).optional().describe('PEM files.'),
      })
      .optional()
      .describe('What requests of the server itself (jwks_uri, backchannel_logout_uri) may reach.'),
    keys: z
      .strictObject({
        announce: seconds.optional().describe('How long a new key is published before it signs.'),
        retire: seconds
          .optional()
          .describe('How long an old one is published after it signed last.'),
        rotate_every: period.optional().describe('When a new key takes its place by itself.'),
        rotate_nonces_every: period.optional().describe('The same of the keys of the nonces.'),
      })
      .optional(),
    master_key: z
      .string()
      .optional()
      .describe(
        'File with the keys that seal all others in the store, base64url, one on each line.',
      ),
    audit: z
      .strictObject({
        retention: seconds.optional().describe('How long events can be explained.'),
        unauthenticated: z
          .int()
          .min(1)
          .optional()
          .describe('How many events that anybody can cause are kept, the newest ones.'),
      })
      .optional(),
    drain: seconds.optional().describe('How long requests under way may take on SIGTERM.'),
  })
  .describe('Configuration of Signet.')

/** The JSON Schema of a configuration file, or of a part of it. */
export function jsonSchema(of: z.ZodType = configSchema): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(of)
}
