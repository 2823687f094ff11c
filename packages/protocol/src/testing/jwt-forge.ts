import { Buffer } from 'node:buffer'
import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { derOf } from '../jose/ecdsa-signature.ts'
import { generateSigningKey } from '../jose/generate-signing-key.ts'
import { signBytes } from '../jose/sign.ts'
import type { SigningKey } from '../jose/signing-key.ts'

/** A part of a JWT: an object, or the exact text where the text is what is wrong. */
export type Part = object | string

/** A JWT with exactly these parts, and whatever signature is given. */
export function assemble(header: Part, payload: Part, signature: Buffer | string): string {
  const tail = typeof signature === 'string' ? signature : signature.toString('base64url')
  return `${segment(header)}.${segment(payload)}.${tail}`
}

/** A JWT with exactly these parts and a signature that holds: only what it says is wrong. */
export function forge(header: Part, payload: Part, key: SigningKey): string {
  const input = `${segment(header)}.${segment(payload)}`
  return `${input}.${signBytes(input, key).toString('base64url')}`
}

/** A JWT "signed" with HS256 and the published key as secret: an attack as old as JWT. */
export function macWithPublicKey(header: object, payload: Part, key: SigningKey): string {
  const input = `${segment({ ...header, alg: 'HS256' })}.${segment(payload)}`
  const secret = createPublicKey(key.privateKey).export({ format: 'pem', type: 'spki' })
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** JSON with so many objects, each in the one before. */
export function deepJson(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}

/**
 * Takes a good JWT and spoils it in every way that no verifier may overlook, whatever kind of JWT it takes.
 * The key must be one for ES256. Each is named as a test would say it: "refuses …".
 */
export function forgeries(
  header: object,
  claims: object,
  key: SigningKey,
): Readonly<Record<string, string>> {
  const good = forge({ ...header, alg: key.algorithm }, claims, key)
  const [head = '', body = '', tail = ''] = good.split('.')
  const headerText = JSON.stringify({ ...header, alg: key.algorithm })
  const claimsText = JSON.stringify(claims)
  const more = (members: object): string =>
    forge({ ...header, alg: key.algorithm, ...members }, claims, key)
  const named = (alg: string): string => forge({ ...header, alg }, claims, key)
  return {
    'an empty text': '',
    'two parts': `${head}.${body}`,
    'four parts': `${good}.`,
    'five parts, as an encrypted JWT has': `${head}.${body}.${tail}.${tail}.${tail}`,
    'the JSON serialisation': JSON.stringify({ protected: head, payload: body, signature: tail }),
    padding: `${head}.${body}.${tail}==`,
    'base64 that is not base64url': `${head}.${body}.${tail.slice(0, -2)}+/`,
    'white space': `${head}.${body} .${tail}`,
    'stray bits in the signature': `${head}.${body}.${strayBits(tail)}`,
    'no signature': `${head}.${body}.`,
    'alg none': assemble({ ...header, alg: 'none' }, claims, ''),
    'alg none in another case': assemble({ ...header, alg: 'nOnE' }, claims, ''),
    'alg none with a signature': assemble({ ...header, alg: 'none' }, claims, tail),
    'HS256 with the public key as secret': macWithPublicKey(header, claims, key),
    RS256: named('RS256'),
    ES384: named('ES384'),
    ES256K: named('ES256K'),
    'an alg of another kind of key': named('PS256'),
    'alg as an array': forge({ ...header, alg: [key.algorithm] }, claims, key),
    'no alg': forge(header, claims, key),
    'a critical extension': more({ crit: ['exp'], exp: 1 }),
    'an empty crit': more({ crit: [] }),
    'an unencoded payload': more({ b64: false, crit: ['b64'] }),
    'b64 without crit': more({ b64: false }),
    compression: more({ zip: 'DEF' }),
    'a header member that occurs twice': forge(twice(headerText), claims, key),
    'a claim that occurs twice': forge({ ...header, alg: key.algorithm }, twice(claimsText), key),
    'a claim that occurs twice, once escaped': forge(
      { ...header, alg: key.algorithm },
      twiceEscaped(claimsText),
      key,
    ),
    'deep JSON': forge({ ...header, alg: key.algorithm }, deepJson(1000), key),
    'an array as payload': forge({ ...header, alg: key.algorithm }, `[${claimsText}]`, key),
    'a text as payload': forge({ ...header, alg: key.algorithm }, '"claims"', key),
    'no JSON as payload': forge({ ...header, alg: key.algorithm }, claimsText.slice(1), key),
    'a byte order mark': forge({ ...header, alg: key.algorithm }, `\uFEFF${claimsText}`, key),
    'altered claims': `${head}.${segment({ ...claims, altered: true })}.${tail}`,
    'an altered signature': `${head}.${body}.${alteredSignature(tail)}`,
    'a signature of zeros': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'a signature in DER': `${head}.${body}.${derOf(Buffer.from(tail, 'base64url')).toString('base64url')}`,
    'the signature of another key': forge(
      { ...header, alg: key.algorithm },
      claims,
      generateSigningKey('ES256'),
    ),
  }
}

/** Public keys that nobody may use, by what is wrong with them. */
export function unusableJwks(): Readonly<Record<string, object>> {
  const ec = generateSigningKey('ES256').publicJwk
  const rsa = generateSigningKey('PS256').publicJwk
  const curve = (namedCurve: string): object =>
    generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
  return {
    'a symmetric key': { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') },
    'a private key': generateSigningKey('ES256').privateKey.export({ format: 'jwk' }),
    'RSA of 1024 bits': generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      format: 'jwk',
    }),
    'RSA of 2047 bits': generateKeyPairSync('rsa', { modulusLength: 2047 }).publicKey.export({
      format: 'jwk',
    }),
    'RSA of 16384 bits': { ...rsa, n: Buffer.alloc(2048, 0xff).toString('base64url') },
    'RSA with exponent 1': { ...rsa, e: 'AQ' },
    'RSA with exponent 3': { ...rsa, e: 'Aw' },
    'RSA with an even exponent': { ...rsa, e: 'AQAC' },
    'RSA with an exponent of 40 bits': { ...rsa, e: 'AQAAAAE' },
    'RSA with a leading zero byte': { ...rsa, e: 'AAEAAQ' },
    'curve P-384': curve('P-384'),
    'curve P-521': curve('P-521'),
    'curve secp256k1': curve('secp256k1'),
    'a point that is not on the curve': { ...ec, x: Buffer.alloc(32, 1).toString('base64url') },
    'the point at infinity': {
      ...ec,
      x: Buffer.alloc(32).toString('base64url'),
      y: Buffer.alloc(32).toString('base64url'),
    },
    'a coordinate of 31 bytes': { ...ec, x: Buffer.alloc(31, 1).toString('base64url') },
    'a coordinate of 33 bytes': { ...ec, x: Buffer.alloc(33, 1).toString('base64url') },
    X25519: generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }),
    Ed448: generateKeyPairSync('ed448').publicKey.export({ format: 'jwk' }),
    'an Ed25519 point of small order': {
      kty: 'OKP',
      crv: 'Ed25519',
      x: Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url'),
    },
    'no kty': { crv: 'P-256', x: 'AA', y: 'AA' },
  }
}

function twice(json: string): string {
  return json.replace(/^\{("[^"]+"):/, '{$1:0,$1:')
}

/** The first member twice, its second name spelled with an escape: equal to a parser, not to a reader. */
function twiceEscaped(json: string): string {
  const name = /^\{"([^"]+)"/.exec(json)?.[1] ?? ''
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`
  return `{"${escaped}":0,${json.slice(1)}`
}

/** Sixty-four bytes leave four bits unused in the last character; another value of them decodes alike. */
function strayBits(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(signature.slice(-1))
  return signature.slice(0, -1) + alphabet.charAt(last ^ 1)
}

function alteredSignature(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  bytes[40] = (bytes[40] ?? 0) ^ 1
  return bytes.toString('base64url')
}

function segment(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}
