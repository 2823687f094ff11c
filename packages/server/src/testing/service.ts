import { endpointsOf, TERMS, type Service } from '@signet/engine'

/** A service as a file of few lines would describe it. */
export function serviceOf(issuer: string, change: Partial<Service> = {}): Service {
  return {
    issuer,
    name: 'Test bank',
    endpoints: endpointsOf(issuer),
    lifetimes: {
      pushedRequest: 90,
      interaction: 600,
      code: 60,
      accessToken: 300,
      refreshToken: 2_592_000,
      idToken: 300,
      session: 28_800,
    },
    dpop: { nonce: 'off' },
    statusList: { enabled: true, ttl: 3 },
    scopes: { accounts: { description: { en: 'See your accounts', de: 'Ihre Konten sehen' } } },
    resources: [],
    defaultResource: issuer,
    signingAlgorithms: ['ES256'],
    ...TERMS['fapi2-security'],
    requestObjectEncryption: [],
    ...change,
  }
}
