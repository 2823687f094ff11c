import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { forge } from '../testing/jwt-forge.ts'
import { proveRule } from '../testing/prove-rule.ts'
import { hintRules, hintSignatureRules, type PresentedHint } from './hint.rules.ts'

const ISSUER = 'https://as.example'

const saying = (claims: object, header: object = {}): PresentedHint => ({
  header: { alg: 'ES256', typ: 'JWT', ...header },
  claims: { iss: ISSUER, sub: 'alice', aud: 'bank', iat: 1, exp: 2, ...claims },
  issuer: ISSUER,
})
const good = saying({})

proveRule(hintRules, 'JWT-11', {
  good: saying({}, { typ: undefined }),
  refuses: Object.fromEntries(
    ['at+jwt', 'logout+jwt', 'dpop+jwt', 'token-introspection+jwt', ''].map((typ) => [
      `typ ${typ}`,
      saying({}, { typ }),
    ]),
  ),
})

proveRule(hintRules, 'SP-CR-02', {
  good,
  refuses: { RS256: saying({}, { alg: 'RS256' }), none: saying({}, { alg: 'none' }) },
})

proveRule(hintRules, 'JWT-07', {
  good,
  refuses: {
    'another issuer': saying({ iss: 'https://evil.example' }),
    'no issuer': saying({ iss: undefined }),
  },
})

proveRule(hintRules, 'JWT-09', {
  good,
  refuses: {
    'no sub': saying({ sub: undefined }),
    'no aud': saying({ aud: undefined }),
    'aud as array, which our ID tokens never have': saying({ aud: ['bank'] }),
    'no iat': saying({ iat: undefined }),
    'no exp': saying({ exp: undefined }),
    'events, as a logout token has': saying({ events: {} }),
    'a code, as an authorization response has': saying({ code: 'c' }),
    'an error, as an authorization response has': saying({ error: 'access_denied' }),
    'a client_id, as an access token and a request object have': saying({ client_id: 'bank' }),
  },
})

const key = generateSigningKey('ES256')
const jwt = decodeJwt(forge({ alg: 'ES256', kid: key.kid }, { sub: 'alice' }, key))

proveRule(hintSignatureRules, 'LOG-03', {
  good: { jwt, keys: [verificationKeyOf(key)] },
  refuses: {
    'a signature of somebody else': {
      jwt,
      keys: [{ ...verificationKeyOf(generateSigningKey('ES256')), kid: key.kid }],
    },
    'any signature if we have no keys': { jwt, keys: [] },
  },
})
