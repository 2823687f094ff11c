export { takeAttempt, type Attempt } from './attempts.ts'
export type * from './authorization-parameters.ts'
export {
  canonicalJson,
  CHAIN_BEGINS,
  recordAfter,
  streamOf,
  type AuditBreak,
  type StreamRecord,
} from './audit-chain.ts'
export { ChainCheck, checkChain, type ChainReport } from './audit-check.ts'
export { claimedClient, recordRefusal, type RefusalContext } from './audit.ts'
export type * from './clients/client.ts'
export { isProfile, PROFILES, TERMS, type Profile } from './clients/profile.ts'
export { clientFromMetadata, InvalidClient } from './clients/registration.ts'
export * from './config.ts'
export { breachesOf, Misconfigured } from './config.rules.ts'
export * from './create-engine.ts'
export { authenticationMethods } from './describe/metadata.ts'
export { digestOf } from './digest.ts'
export { obligationOf } from './obligations.ts'
export type * from './outcomes.ts'
export type * from './ports.ts'
export { isOpenIdScope, OPENID_SCOPES } from './scopes.ts'
export { isSigned, RESPONSE_MODES, type ResponseMode } from './response-modes.ts'
export * from './store/administration.ts'
export * from './store/audit.ts'
export type * from './store/durable.ts'
export type * from './store/ephemeral.ts'
export type * from './store/status-lists.ts'
export * from './store/store.ts'
export type * from './store/values.ts'
export { endGrants, endSessions } from './tokens/end-all.ts'
export { acceptsJwt } from './tokens/introspect.ts'
export { shutOut } from './tokens/shut-out.ts'
