export type { SenderConstraint } from './check.rules.ts'
export { createGuard } from './create-guard.ts'
export type { Guard } from './guard.ts'
export type { IntrospectionOptions } from './introspection.ts'
export type { Trouble } from './issuer.ts'
export type { ProtectedResourceMetadata } from './metadata.ts'
export type {
  CertificateHeaderOptions,
  ClientKeyOptions,
  ClientKeys,
  ClientKeySource,
  GuardOptions,
  IssuerOptions,
  Mode,
} from './options.ts'
export { InvalidGuardOptions } from './options.rules.ts'
export type { AnswerHeaders, Challenge, Granted, RefusalEvent } from './outcome.ts'
export type { TokenFormat } from './plain-token.ts'
export { replayInMemory, type Mark, type Replay } from './replay.ts'
export type { GuardRequest } from './request.ts'
export type { AuthenticationRequirement, Requirements } from './requirements.ts'
export type { Answer } from './signed-response.ts'
export { scopesOf, type TokenClaims } from './token-claims.ts'
