import { createHash } from 'node:crypto'
import type { ClientRecord, KeyRecord, User } from '../store/administration.ts'
import type { AuditEvent } from '../store/audit.ts'
import type { Authorization, Consent, Grant, OpaqueToken, Session } from '../store/durable.ts'
import type { AuthorizationCode, Interaction, PushedRequest } from '../store/ephemeral.ts'
import type { Digest, Seconds } from '../store/values.ts'

/** The moment around which the rows below live: that of `fixedClock`. */
export const SAMPLE_NOW: Seconds = 1_800_000_000

/** The digest a store would be asked for: of this secret. */
export function sampleDigest(secret: string): Digest {
  return createHash('sha256').update(secret).digest('base64url')
}

const AUTHORIZATION: Authorization = {
  clientId: 'app',
  subject: 'Zk3v0oWTQeyVVQ',
  scopes: ['openid', 'accounts', 'offline_access'],
  resources: ['https://api.example'],
  claims: '{"id_token":{"auth_time":{"essential":true}}}',
  authTime: SAMPLE_NOW - 60,
  acr: 'urn:signet:password',
  amr: ['pwd'],
  sid: 'pR4dL1bXq8mN2cYf',
}

export function samplePushedRequest(changes: Partial<PushedRequest> = {}): PushedRequest {
  return {
    digest: sampleDigest('request_uri'),
    clientId: 'app',
    parameters: {
      redirect_uri: 'https://app.example/callback',
      scope: 'openid accounts offline_access',
      state: 'Wd5gQ0mGqTnVtZJ3yXcQ1A',
      nonce: 'c2lnbmV0LW5vbmNlLW9mLTQz',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      dpop_jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    },
    expiresAt: SAMPLE_NOW + 90,
    keptUntil: SAMPLE_NOW + 690,
    ...changes,
  }
}

export function sampleInteraction(changes: Partial<Interaction> = {}): Interaction {
  return {
    digest: sampleDigest('interaction'),
    pushedRequest: sampleDigest('request_uri'),
    browser: sampleDigest('browser'),
    enteredWith: sampleDigest('session'),
    startedAt: SAMPLE_NOW,
    expiresAt: SAMPLE_NOW + 600,
    ...changes,
  }
}

export function sampleCode(changes: Partial<AuthorizationCode> = {}): AuthorizationCode {
  return {
    digest: sampleDigest('code'),
    grantId: 'gr_8sJq2mVx0pLw4TzN',
    authorization: AUTHORIZATION,
    redirectUri: 'https://app.example/callback',
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    dpopJkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    nonce: 'c2lnbmV0LW5vbmNlLW9mLTQz',
    status: 131_079,
    expiresAt: SAMPLE_NOW + 60,
    keptUntil: SAMPLE_NOW + 2_592_000,
    ...changes,
  }
}

export function sampleSession(changes: Partial<Session> = {}): Session {
  return {
    digest: sampleDigest('session'),
    sid: AUTHORIZATION.sid,
    subject: AUTHORIZATION.subject,
    authTime: AUTHORIZATION.authTime,
    acr: AUTHORIZATION.acr,
    amr: AUTHORIZATION.amr,
    clients: ['app'],
    expiresAt: SAMPLE_NOW + 28_800,
    ...changes,
  }
}

export function sampleConsent(changes: Partial<Consent> = {}): Consent {
  return {
    subject: AUTHORIZATION.subject,
    clientId: AUTHORIZATION.clientId,
    scopes: AUTHORIZATION.scopes,
    resources: AUTHORIZATION.resources,
    updatedAt: SAMPLE_NOW,
    ...changes,
  }
}

export function sampleGrant(changes: Partial<Grant> = {}): Grant {
  return {
    id: 'gr_8sJq2mVx0pLw4TzN',
    authorization: AUTHORIZATION,
    refreshToken: sampleDigest('refresh_token'),
    status: 131_079,
    createdAt: SAMPLE_NOW,
    expiresAt: SAMPLE_NOW + 2_592_000,
    ...changes,
  }
}

export function sampleOpaqueToken(changes: Partial<OpaqueToken> = {}): OpaqueToken {
  return {
    digest: sampleDigest('access_token'),
    claims: '{"sub":"Zk3v0oWTQeyVVQ","scope":"accounts"}',
    expiresAt: SAMPLE_NOW + 300,
    ...changes,
  }
}

export function sampleUser(changes: Partial<User> = {}): User {
  return {
    subject: AUTHORIZATION.subject,
    username: 'alice',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    claims: { name: 'Alice Example', email: 'alice@example.com', address: { country: 'DE' } },
    source: 'command',
    disabled: false,
    ...changes,
  }
}

export function sampleClientRecord(changes: Partial<ClientRecord> = {}): ClientRecord {
  return {
    clientId: 'app',
    metadata: { client_name: 'Example app', redirect_uris: ['https://app.example/callback'] },
    source: 'file',
    disabled: false,
    updatedAt: SAMPLE_NOW,
    ...changes,
  }
}

export function sampleKeyRecord(changes: Partial<KeyRecord> = {}): KeyRecord {
  return {
    kid: 'sig-1',
    use: 'sig',
    algorithm: 'ES256',
    material: '{"kty":"EC"}',
    createdAt: SAMPLE_NOW,
    signsFrom: SAMPLE_NOW + 3600,
    ...changes,
  }
}

export function sampleAuditEvent(changes: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: 'ev_1',
    at: SAMPLE_NOW * 1000 + 250,
    kind: 'refused',
    step: 'push',
    clientId: 'app',
    refusal: { error: 'invalid_dpop_proof', description: 'The proof is not for this endpoint' },
    evidence: {
      id: 'DPOP-PRF-09',
      reason: 'dpop_htu_mismatch',
      expected: 'https://as.example/par',
      received: 'http://as.example/par',
      remedy: 'Use the URL the metadata names',
    },
    ...changes,
  }
}
