import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  CERTIFICATE_HEADER_FORMATS,
  importDecryptionJwk,
  isAlgorithm,
  UnusableKey,
} from '@signet/protocol'
import type { IntrospectionOptions } from './introspection.ts'
import type { GuardOptions, IssuerOptions } from './options.ts'
import { TOKEN_FORMATS } from './plain-token.ts'
import type { Requirements } from './requirements.ts'
import type { ClientCredential } from './world.ts'

/** Options under which nothing can be guarded, all mistakes at once. */
export class InvalidGuardOptions extends TypeError {
  override readonly name = 'InvalidGuardOptions'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the guard cannot start: ${problems.join('; ')}`)
    this.problems = problems
  }
}

interface Condition {
  readonly says: string
  readonly holds: (options: GuardOptions) => boolean
}

const NOBODY: Partial<IntrospectionOptions> = {}

/** Of who asks, and how answers have to be. */
const INTROSPECTION_CONDITIONS: readonly Condition[] = [
  {
    says: 'introspection needs a clientId, and either a key or a certificate',
    holds: ({ introspection: api }) =>
      api === undefined ||
      (api.clientId !== '' && (api.key === undefined) !== (api.certificate === undefined)),
  },
  {
    says: 'introspection.certificate must be a PEM certificate, with its own private key in PEM',
    holds: ({ introspection: { certificate } = NOBODY }) =>
      certificate === undefined || isCredential(certificate),
  },
  {
    says: 'introspection.decryptionKeys must be private JWKs to decrypt with, one or more',
    holds: ({ introspection: { decryptionKeys } = NOBODY }) =>
      decryptionKeys === undefined ||
      (decryptionKeys.length > 0 && decryptionKeys.every(isDecryptionJwk)),
  },
  {
    says: 'introspection.decryptionKeys are for signed answers (signed: true)',
    holds: ({ introspection: { decryptionKeys, signed } = NOBODY }) =>
      decryptionKeys === undefined || signed === true,
  },
]

/** What these options may say. Whoever is not helped by types must not get another mode by a slip of the pen. */
const WORDS = {
  mode: ['enforce', 'warn', 'observe'],
  senderConstraint: ['dpop', 'mtls', 'either'],
  tokens: ['jwt', 'introspection', 'both'],
  statusList: ['honoured', 'required', 'off'],
} as const satisfies { readonly [Name in keyof GuardOptions]?: readonly GuardOptions[Name][] }

const WORD_CONDITIONS: readonly Condition[] = Object.entries(WORDS).map(([name, words]) => ({
  says: `${name} must be one of ${words.join(', ')}`,
  holds: (options) => {
    const word: unknown = Reflect.get(options, name)
    return word === undefined || words.some((each) => each === word)
  },
}))

const CONDITIONS: readonly Condition[] = [
  ...WORD_CONDITIONS,
  {
    says: 'issuer must be one or more https URLs without query or fragment',
    holds: (options) => {
      const issuers = issuersOf(options)
      return issuers.length > 0 && issuers.every(({ issuer }) => isPlainHttps(issuer))
    },
  },
  {
    says: 'issuer must not name an issuer twice',
    holds: (options) => {
      const names = issuersOf(options).map(({ issuer }) => issuer)
      return new Set(names).size === names.length
    },
  },
  {
    says: 'tokenFormat of an issuer must be rfc9068 or plain-jwt',
    holds: (options) =>
      issuersOf(options).every(({ tokenFormat = 'rfc9068' }) =>
        TOKEN_FORMATS.includes(tokenFormat),
      ),
  },
  {
    says: 'resource must be an https URL without fragment',
    holds: ({ resource }) => isHttps(resource) && !resource.includes('#'),
  },
  {
    says: 'baseUrl and otherBaseUrls must be https URLs without query or fragment',
    holds: ({ baseUrl, otherBaseUrls = [] }) =>
      [...(baseUrl === undefined ? [] : [baseUrl]), ...otherBaseUrls].every(isPlainHttps),
  },
  {
    says: 'audience must not be empty',
    holds: ({ audience }) => audience !== '',
  },
  {
    says: 'clockTolerance must be 0 to 60 seconds',
    holds: ({ clockTolerance = 0 }) => clockTolerance >= 0 && clockTolerance <= 60,
  },
  {
    says: 'algorithms must name one or more of PS256, ES256, EdDSA and Ed25519',
    holds: ({ algorithms }) =>
      algorithms === undefined || (algorithms.length > 0 && algorithms.every(isAlgorithm)),
  },
  ...INTROSPECTION_CONDITIONS,
  {
    says: 'introspection is needed to ask for tokens',
    holds: ({ tokens = 'jwt', introspection }) => tokens === 'jwt' || introspection !== undefined,
  },
  {
    says: 'introspection without JWTs works with one issuer only',
    holds: (options) => options.tokens !== 'introspection' || issuersOf(options).length === 1,
  },
  {
    says: 'statusListSeconds must be 1 or more, and statusListGraceSeconds 0 to 3600',
    holds: ({ statusListSeconds = 3, statusListGraceSeconds: grace = 60 }) =>
      statusListSeconds >= 1 && grace >= 0 && grace <= 3600,
  },
  {
    says: `format of certificateHeader must be one of ${CERTIFICATE_HEADER_FORMATS.join(', ')}`,
    holds: ({ certificateHeader: header }) =>
      header === undefined || CERTIFICATE_HEADER_FORMATS.includes(header.format),
  },
  {
    says: 'certificateHeader must list the proxies that may send it',
    holds: ({ certificateHeader }) =>
      certificateHeader === undefined || certificateHeader.proxies.length > 0,
  },
  {
    says: 'clientKeys must give each client a jwks, or an https URL as jwksUri',
    holds: ({ clientKeys = {} }) =>
      typeof clientKeys === 'function' ||
      Object.values(clientKeys).every(({ jwks, jwksUri }) =>
        jwks === undefined ? jwksUri !== undefined && isHttps(jwksUri) : jwksUri === undefined,
      ),
  },
  {
    says: 'largestBody must be a whole number of bytes, 1 or more',
    holds: ({ largestBody = 1 }) => Number.isSafeInteger(largestBody) && largestBody >= 1,
  },
  {
    says: 'jwksUri must be an https URL',
    holds: ({ jwksUri }) => jwksUri === undefined || isHttps(jwksUri),
  },
  {
    says: 'rememberedTokens must be a whole number, 0 or more',
    holds: ({ rememberedTokens = 0 }) =>
      Number.isSafeInteger(rememberedTokens) && rememberedTokens >= 0,
  },
]

/** @throws InvalidGuardOptions */
export function checkOptions(options: GuardOptions): void {
  const problems = CONDITIONS.filter(({ holds }) => !holds(options)).map(({ says }) => says)
  if (problems.length > 0) throw new InvalidGuardOptions(problems)
}

/** @throws InvalidGuardOptions for a route that asks for what these options cannot do. */
export function checkRequirements(
  { signedRequest, signedResponse }: Requirements,
  { clientKeys, responseKey }: GuardOptions,
): void {
  const problems = [
    ...(signedRequest && clientKeys === undefined ? ['signedRequest needs clientKeys'] : []),
    ...(signedResponse && responseKey === undefined ? ['signedResponse needs responseKey'] : []),
  ]
  if (problems.length > 0) throw new InvalidGuardOptions(problems)
}

/** The trusted issuers, whichever way they were written. */
export function issuersOf({ issuer }: GuardOptions): readonly IssuerOptions[] {
  const all: readonly (string | IssuerOptions)[] = isList(issuer) ? issuer : [issuer]
  return all.map((each) => (typeof each === 'string' ? { issuer: each } : each))
}

function isList(issuer: GuardOptions['issuer']): issuer is readonly (string | IssuerOptions)[] {
  return Array.isArray(issuer)
}

function isHttps(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' && url.username === '' && url.password === ''
}

function isPlainHttps(text: string): boolean {
  return isHttps(text) && !/[?#]/.test(text)
}

function isCredential({ certificate, key }: ClientCredential): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}

function isDecryptionJwk(jwk: object): boolean {
  try {
    importDecryptionJwk(jwk)
    return true
  } catch (error) {
    if (error instanceof UnusableKey) return false
    throw error
  }
}
