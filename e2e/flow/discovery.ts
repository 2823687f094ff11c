import * as client from 'openid-client'
import type { ClientName, Demo, DemoClient } from './demo.ts'
import { plainMessages, signedMessages, type Messages } from './messages.ts'
import { Narrator } from './narrator.ts'
import { assertingSender, certificateSender, type Sender } from './sender.ts'
import type { Session } from './session.ts'
import { Wire } from './wire.ts'

/** FAPI 2.0 Security Profile §5.3.2.1-6. */
const METHODS = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']

/** Which client goes through the flow. */
export interface Choice {
  readonly name: ClientName
  /** Where `signet dev` keeps what it made. */
  readonly folder: string
}

/** The client reads who the server is, and what it demands. */
export async function discover(demo: Demo, known: DemoClient, manner: Manner): Promise<Session> {
  const tell = new Narrator()
  const { sender, messages } = manner
  tell.step(
    'Discovery',
    'The client reads who the server is, where everything is and what it demands.',
  )
  const wire = new Wire(sender.fetch)
  const config = await client.discovery(
    new URL(demo.issuer),
    known.client_id,
    { ...messages.metadata, ...sender.metadata },
    sender.authentication,
    { [client.customFetch]: wire.fetch },
  )
  client.enableNonRepudiationChecks(config)
  messages.prepare(config)
  const held = await sender.hold(config)
  const session: Session = { demo, known, sender, messages, config, wire, held, tell }
  checkMetadata(session)
  return session
}

/** How a client goes through the flow. */
interface Manner {
  readonly sender: Sender
  readonly messages: Messages
}

export async function mannerOf(known: DemoClient, { name, folder }: Choice): Promise<Manner> {
  return {
    sender: await (name === 'mtls' ? certificateSender(known, folder) : assertingSender(known)),
    messages: name === 'signed' ? await signedMessages(known) : plainMessages,
  }
}

function checkMetadata(session: Session): void {
  const { demo, config, tell, sender, messages } = session
  const server = config.serverMetadata()
  tell.check(`the metadata is that of ${demo.issuer}`, server.issuer === demo.issuer)
  tell.check('requests have to be pushed', server['require_pushed_authorization_requests'] === true)
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  tell.check(
    'clients prove themselves with a key, never with a password',
    methods.every((method) => METHODS.includes(method)),
  )
  tell.check(
    'PKCE with S256 is the only way',
    String(server.code_challenge_methods_supported) === 'S256',
  )
  tell.check('RS256 is not offered', !JSON.stringify(server).includes('RS256'))
  sender.checkMetadata(server, tell)
  messages.checkMetadata(session)
}
