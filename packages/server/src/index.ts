export { openStores, type Stores } from './adapters/stores.ts'
export { startServer, type RunningServer, type StartOptions } from './compose.ts'
export type * from './config/config.ts'
export { hashPassword } from './login/password.ts'
