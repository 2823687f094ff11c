export { createMemorySessions } from './memory-sessions.ts'
export {
  sampleSession,
  sessionStoreContract,
  type OpenedSessions,
} from './session-store-contract.ts'
