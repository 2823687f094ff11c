import { decodeJwt } from '../jose/decode.ts'
import { verificationKeyOf } from '../jose/describe-signing-key.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { forge } from '../testing/jwt-forge.ts'
import { ALGORITHMS } from '../jose/algorithms.ts'
import { proveRule } from '../testing/prove-rule.ts'
import {
  proofFieldRules,
  proofShapeRules,
  proofSignatureRules,
  type DecodedProof,
} from './proof.rules.ts'

proveRule(proofFieldRules, 'DPOP-PRF-01', {
  good: { fields: ['a.b.c'] },
  refuses: {
    'no field': { fields: [] },
    'two fields': { fields: ['a.b.c', 'd.e.f'] },
    'the same field twice': { fields: ['a.b.c', 'a.b.c'] },
    'an empty field': { fields: [''] },
    'two proofs that were joined to one field': { fields: ['a.b.c, d.e.f'] },
    'a proof and an empty one': { fields: ['a.b.c', ''] },
  },
})

const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }

/** A proof with everything, with header members and claims changed or, where undefined, left out. */
const saying = (header: object, claims: object): DecodedProof => ({
  header: { alg: 'ES256', typ: 'dpop+jwt', jwk, ...header },
  claims: { jti: 'x', htm: 'POST', htu: 'https://as.example/token', iat: 1, ...claims },
  algorithms: ALGORITHMS,
})
const good = saying({}, {})

proveRule(proofShapeRules, 'DPOP-PRF-04', {
  good,
  refuses: {
    'no typ': saying({ typ: undefined }, {}),
    'typ JWT': saying({ typ: 'JWT' }, {}),
    'an access token': saying({ typ: 'at+jwt' }, {}),
    'a client assertion': saying({ typ: 'client-authentication+jwt' }, {}),
    'typ in another case': saying({ typ: 'DPoP+JWT' }, {}),
    'typ with application/': saying({ typ: 'application/dpop+jwt' }, {}),
  },
})

proveRule(proofShapeRules, 'DPOP-PRF-05', {
  good,
  refuses: {
    'alg none': saying({ alg: 'none' }, {}),
    'a MAC': saying({ alg: 'HS256' }, {}),
    RS256: saying({ alg: 'RS256' }, {}),
    ES384: saying({ alg: 'ES384' }, {}),
    'an algorithm in another case': saying({ alg: 'es256' }, {}),
    'an algorithm of the profile that the endpoint does not take': {
      ...good,
      algorithms: ['PS256'],
    },
  },
})

proveRule(proofShapeRules, 'DPOP-PRF-07', {
  good,
  refuses: Object.fromEntries(
    ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member) => [
      `a key with ${member}`,
      saying({ jwk: { ...jwk, [member]: 'AQ' } }, {}),
    ]),
  ),
})

proveRule(proofShapeRules, 'DPOP-PRF-03', {
  good,
  refuses: {
    'no jwk': saying({ jwk: undefined }, {}),
    'jwk as text': saying({ jwk: JSON.stringify(jwk) }, {}),
    'jwk as array': saying({ jwk: [jwk] }, {}),
    'jwk null': saying({ jwk: null }, {}),
    'no jti': saying({}, { jti: undefined }),
    'an empty jti': saying({}, { jti: '' }),
    'jti as number': saying({}, { jti: 1 }),
    'a jti of 257 characters': saying({}, { jti: 'a'.repeat(257) }),
    'no htm': saying({}, { htm: undefined }),
    'htm as array': saying({}, { htm: ['POST'] }),
    'no htu': saying({}, { htu: undefined }),
    'htu as object': saying({}, { htu: {} }),
    'no iat': saying({}, { iat: undefined }),
    'iat as text': saying({}, { iat: '1' }),
    'iat null': saying({}, { iat: null }),
    'an infinite iat': saying({}, { iat: Number.POSITIVE_INFINITY }),
  },
})

const key = generateSigningKey('ES256')
const other = generateSigningKey('ES256')
const signedBy = (signer: typeof key) => ({
  jwt: decodeJwt(forge({ alg: 'ES256' }, { jti: 'x' }, signer)),
  key: verificationKeyOf(key),
})

proveRule(proofSignatureRules, 'DPOP-PRF-06', {
  good: signedBy(key),
  refuses: {
    'a signature of another key': signedBy(other),
    'altered claims': {
      ...signedBy(key),
      jwt: { ...signedBy(key).jwt, signingInput: signedBy(other).jwt.signingInput.slice(0, -1) },
    },
    'an alg that the key is not for': {
      jwt: decodeJwt(forge({ alg: 'PS256' }, { jti: 'x' }, key)),
      key: verificationKeyOf(key),
    },
  },
})
