import { hashPassword } from '../login/password.ts'
import { SERVER_FILES } from './certificates.ts'
import { ENCRYPTION, flowClientMetadata, MTLS_CERTIFICATE, signingKey } from './demo-clients.ts'

export const ISSUER = 'https://localhost:9443'
export const MTLS_ORIGIN = 'https://localhost:9444'
export const RESOURCE = 'https://localhost:9445'
const APP = 'https://localhost:9446'
export const REDIRECT_URI: string = `${APP}/bff/callback`
export const MANAGEMENT = { host: '127.0.0.1', port: 9400 } as const
/** Relative to the folder of the demonstration. */
export const MASTER_KEY = './master.key'
export const USER = { username: 'alice', password: 'wonderland' } as const

/** The configuration of the demonstration, in the names of the file. */
export async function demoConfig(folder: string): Promise<object> {
  return {
    issuer: ISSUER,
    name: 'Signet',
    listen: listenAt(ISSUER),
    mtls: {
      origin: MTLS_ORIGIN,
      listen: listenAt(MTLS_ORIGIN),
      trusted_cas: [MTLS_CERTIFICATE.files.authority],
    },
    management: MANAGEMENT,
    store: { sqlite: './signet.db' },
    master_key: MASTER_KEY,
    // The app that is told of logouts is on this machine, and serves with the certificate of this machine.
    outgoing: {
      allow_private_hosts: [new URL(APP).hostname],
      trusted_cas: [SERVER_FILES.authority],
    },
    request_object_encryption: [ENCRYPTION.alg],
    clients: [...bankClients(folder), ...flowClientMetadata(folder)],
    scopes: {
      accounts: { description: { en: 'See your accounts', de: 'Ihre Konten sehen' } },
      payments: { description: { en: 'Make payments for you', de: 'Zahlungen für Sie ausführen' } },
    },
    resources: [
      { resource: RESOURCE, scopes: ['accounts', 'payments'], introspection_clients: ['bank-api'] },
    ],
    users: [
      {
        username: USER.username,
        password_hash: await hashPassword(USER.password),
        claims: { name: 'Alice Example', email: 'alice@example.com', email_verified: true },
      },
    ],
  }
}

function listenAt(origin: string): object {
  const { certificate, key } = SERVER_FILES
  return { host: '127.0.0.1', port: Number(new URL(origin).port), tls: { certificate, key } }
}

function bankClients(folder: string): readonly object[] {
  return [
    {
      client_id: 'app',
      client_name: 'Meridian Bank',
      redirect_uris: [REDIRECT_URI],
      post_logout_redirect_uris: [`${APP}/`],
      backchannel_logout_uri: `${APP}/bff/backchannel`,
      backchannel_logout_session_required: true,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [signingKey(folder, 'app')] },
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile email accounts payments offline_access',
      dpop_bound_access_tokens: true,
    },
    {
      client_id: 'bank-api',
      client_name: 'Meridian Bank API',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [signingKey(folder, 'bank-api')] },
      grant_types: ['client_credentials'],
      scope: 'accounts',
      dpop_bound_access_tokens: true,
    },
  ]
}
