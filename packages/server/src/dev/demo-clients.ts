import {
  exportDecryptionJwk,
  exportPrivateJwk,
  generateEncryptionKey,
  generateSigningKey,
} from '@signet/protocol'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CredentialFiles } from './certificates.ts'

/** The clients that `npm run flow` can be, beside the app of the bank. */
export const FLOW_CLIENTS = ['mtls', 'signed'] as const

export type FlowClientName = (typeof FLOW_CLIENTS)[number]

/** What one of them needs to know of itself; the files with its keys by their full paths. */
export interface FlowClient {
  readonly client_id: FlowClientName
  readonly redirect_uri: string
  /** PEM. */
  readonly certificate?: string
  readonly certificate_key?: string
  /** A private JWK. */
  readonly client_key?: string
  /** A private JWK, to decrypt with. */
  readonly encryption_key?: string
}

/** Nobody listens there: the flow reads the response where the browser would take it. */
const REDIRECT_URI = 'https://localhost:9446/flow/callback'

/** Who the client `mtls` is, and who says so; relative to the folder of the demonstration. */
export const MTLS_CERTIFICATE: { readonly files: CredentialFiles; readonly subject: string } = {
  files: {
    authority: 'clients/ca.pem',
    certificate: 'clients/mtls.pem',
    key: 'clients/mtls-key.pem',
  },
  subject: 'CN=mtls,O=Signet demonstration',
}

/** How the client `signed` encrypts its requests, and wants encrypted what is told of a person. */
export const ENCRYPTION = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM' } as const

export function flowClient(folder: string, name: FlowClientName): FlowClient {
  const known = { client_id: name, redirect_uri: REDIRECT_URI }
  const { certificate, key } = MTLS_CERTIFICATE.files
  return name === 'mtls'
    ? { ...known, certificate: join(folder, certificate), certificate_key: join(folder, key) }
    : {
        ...known,
        client_key: keyFile(folder, 'signed'),
        encryption_key: keyFile(folder, 'signed-encryption'),
      }
}

/** Their metadata, as a configuration file has it. */
export function flowClientMetadata(folder: string): readonly object[] {
  const common = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile accounts offline_access',
  }
  const { alg, enc } = ENCRYPTION
  return [
    {
      client_id: 'mtls',
      client_name: 'Meridian Ledger',
      ...common,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: MTLS_CERTIFICATE.subject,
      tls_client_certificate_bound_access_tokens: true,
      use_mtls_endpoint_aliases: true,
    },
    {
      client_id: 'signed',
      client_name: 'Meridian Treasury',
      ...common,
      profile: 'fapi2-message-signing',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [signingKey(folder, 'signed'), encryptionKey(folder, 'signed-encryption')] },
      dpop_bound_access_tokens: true,
      request_object_encryption_alg: alg,
      request_object_encryption_enc: enc,
      id_token_encrypted_response_alg: alg,
      id_token_encrypted_response_enc: enc,
      userinfo_signed_response_alg: 'ES256',
      userinfo_encrypted_response_alg: alg,
      userinfo_encrypted_response_enc: enc,
    },
  ]
}

/** The public key a demo client signs with; its private key is made when it is not there. */
export function signingKey(folder: string, name: string): object {
  return publicKey(keyFile(folder, name), () => exportPrivateJwk(generateSigningKey('ES256')))
}

function encryptionKey(folder: string, name: string): object {
  return publicKey(keyFile(folder, name), () =>
    exportDecryptionJwk(generateEncryptionKey('ECDH-ES')),
  )
}

/** Where the private key of a demo client is. */
export function keyFile(folder: string, name: string): string {
  return join(folder, 'clients', `${name}.jwk.json`)
}

function publicKey(file: string, make: () => object): object {
  if (!existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(make(), undefined, 2)}\n`, { mode: 0o600 })
  }
  const { d: _private, ...publicJwk } = JSON.parse(readFileSync(file, 'utf8'))
  return publicJwk
}
