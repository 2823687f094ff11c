export { checkOptions } from './config/check-options.ts'
export type {
  BffOptions,
  ClientAuthentication,
  ClientOptions,
  Clock,
  FrontendOptions,
  Profile,
  ResponseKeys,
  RouteOptions,
  SenderConstraint,
  TokenKind,
} from './config/options.ts'
export { Misconfigured, type Misconfiguration } from './config/misconfigured.ts'
export type {
  BffEvent,
  CsrfRejection,
  LoginFailure,
  LogoutCause,
  OnEvent,
  RefreshResult,
} from './events.ts'
export { bff, createBff, type Bff, type Readiness } from './plugin.ts'
export {
  KEPT_AFTER_END,
  SessionsUnavailable,
  type Lease,
  type SessionStore,
  type StoredSession,
  type Touch,
} from './sessions/port.ts'
