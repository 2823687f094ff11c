import { createMemorySessions } from './memory-sessions.ts'
import { sessionStoreContract } from './session-store-contract.ts'

sessionStoreContract('memory', () => {
  const store = createMemorySessions()
  return { one: store, other: store, close: () => undefined }
})
