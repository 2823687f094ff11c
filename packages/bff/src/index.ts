export {
  KEPT_AFTER_END,
  SessionsUnavailable,
  type Lease,
  type SessionStore,
  type StoredSession,
  type Touch,
} from './sessions/port.ts'
