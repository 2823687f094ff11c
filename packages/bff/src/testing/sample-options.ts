import { exportPrivateJwk, generateSigningKey } from '@signet/protocol'
import type { BffOptions, FrontendOptions } from '../config/options.ts'
import { createMemorySessions } from './memory-sessions.ts'

const key: object = exportPrivateJwk(generateSigningKey('ES256'))

export function sampleFrontend(members: Partial<FrontendOptions> = {}): FrontendOptions {
  return {
    name: 'app',
    publicOrigin: 'https://app.example',
    scopes: ['openid'],
    routes: [{ match: '/api/', target: 'https://api.example/v1/', token: 'user' }],
    ...members,
  }
}

/** Options that nobody can object to. */
export function sampleOptions(members: Partial<BffOptions> = {}): BffOptions {
  return {
    issuer: 'https://as.example',
    client: { client_id: 'bank', keys: [key] },
    frontends: [sampleFrontend()],
    sessions: { store: createMemorySessions(), keys: [Buffer.alloc(32, 1)] },
    ...members,
  }
}
