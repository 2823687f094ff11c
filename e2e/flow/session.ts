import type * as client from 'openid-client'
import type { Demo, DemoClient } from './demo.ts'
import type { Messages } from './messages.ts'
import type { Narrator } from './narrator.ts'
import type { Held, Sender } from './sender.ts'
import type { Wire } from './wire.ts'

/** What the steps of a flow hand to each other. */
export interface Session {
  readonly demo: Demo
  /** Whose flow it is. */
  readonly known: DemoClient
  readonly sender: Sender
  readonly messages: Messages
  readonly config: client.Configuration
  readonly wire: Wire
  readonly held: Held
  readonly tell: Narrator
}

export type Tokens = Awaited<ReturnType<typeof client.refreshTokenGrant>>

/** What a client remembers of a request until the answer arrives. */
export interface Pending {
  readonly link: URL
  readonly pkceCodeVerifier: string
  readonly expectedState: string
  readonly expectedNonce: string
}
