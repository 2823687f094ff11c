import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import * as client from 'openid-client'
import { fetchWithCertificate, type Credential } from './certificate-fetch.ts'
import { readSigningKey, type DemoClient } from './demo.ts'
import type { Narrator } from './narrator.ts'
import { refused } from './refusal.ts'
import type { Session, Tokens } from './session.ts'
import { plainFetch } from './wire.ts'

/** Something that tokens are bound to, in the hand of the client. */
export interface Held {
  /** For every call that has to prove it. */
  readonly options: { readonly DPoP?: client.DPoPHandle }
  /** As a token names it (`cnf`). */
  readonly confirmation: Readonly<Record<string, string>>
}

/** How a client proves who it is, and that its tokens are its own. */
export interface Sender {
  readonly metadata: Partial<client.ClientMetadata>
  readonly authentication: client.ClientAuth
  readonly fetch: client.CustomFetch
  readonly tokenType: 'dpop' | 'bearer'
  /** Completes sentences of the steps. */
  readonly words: {
    readonly pushing: string
    readonly exchanging: string
    readonly calling: string
    readonly refreshing: string
    readonly rebound: string
  }
  /** Something to bind tokens to: another one each time, where that costs nothing. */
  hold(config: client.Configuration): Promise<Held>
  checkMetadata(server: client.ServerMetadata, tell: Narrator): void
  checkPush(session: Session): Promise<void>
  /** What somebody does who got hold of a token. */
  checkThieves(session: Session, tokens: Tokens): Promise<void>
}

/** With signed assertions, and DPoP proofs of a key (RFC 7523, RFC 9449). */
export async function assertingSender({ client_key }: DemoClient): Promise<Sender> {
  const hold = async (config: client.Configuration): Promise<Held> => {
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
    return { options: { DPoP }, confirmation: { jkt: await DPoP.calculateThumbprint() } }
  }
  return {
    metadata: {},
    authentication: client.PrivateKeyJwt(await readSigningKey(client_key)),
    fetch: plainFetch,
    tokenType: 'dpop',
    words: {
      pushing: 'with a signed assertion and a proof of its key',
      exchanging: ', assertion and a proof',
      calling: 'a proof for this very call',
      refreshing: 'and may change its key on the way',
      rebound: 'the new token is bound to the new key',
    },
    hold,
    checkMetadata: () => undefined,
    checkPush: () => Promise.resolve(),
    async checkThieves({ config, tell }, tokens) {
      const { access_token } = tokens
      const { options } = await hold(config)
      const asThief = (): Promise<unknown> =>
        client.fetchUserInfo(config, access_token, client.skipSubjectCheck, options)
      const isRefused = (await refused(asThief))?.code === '401'
      tell.check('with a key of their own they are refused', isRefused)
      const { userinfo_endpoint: userinfo = '' } = config.serverMetadata()
      tell.check(
        'without a proof they are refused',
        (await present(userinfo, access_token)) === 401,
      )
    },
  }
}

/** With a certificate, on every connection (RFC 8705). */
export function certificateSender(
  { client_id, certificate = '', certificate_key = '' }: DemoClient,
  folder: string,
): Promise<Sender> {
  const credential = readCredential(certificate, certificate_key)
  const { fingerprint256, subject } = new X509Certificate(credential.certificate)
  const thumbprint = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
  const held: Held = { options: {}, confirmation: { 'x5t#S256': thumbprint } }
  const sender: Sender = {
    metadata: { use_mtls_endpoint_aliases: true },
    authentication: client.TlsClientAuth(),
    fetch: fetchWithCertificate(credential),
    tokenType: 'bearer',
    words: {
      pushing: 'on a connection where it shows its certificate',
      exchanging: ' and its certificate',
      calling: 'its certificate on the connection',
      refreshing: 'bound to the certificate it shows then',
      rebound: 'the new token is bound to the certificate as well',
    },
    hold: () => Promise.resolve(held),
    checkMetadata(server, tell) {
      const { token_endpoint = '' } = server.mtls_endpoint_aliases ?? {}
      tell.check(
        'clients with certificates have endpoints of their own',
        URL.canParse(token_endpoint) && new URL(token_endpoint).origin !== server.issuer,
      )
      tell.check(
        'tokens can be bound to certificates',
        server.tls_client_certificate_bound_access_tokens === true,
      )
      tell.note(
        `the client is ${subject.split('\n').toReversed().join()}: see ${path.relative('.', certificate)}`,
      )
    },
    async checkPush({ config, tell, wire }) {
      const { pushed_authorization_request_endpoint: par = '' } =
        config.serverMetadata().mtls_endpoint_aliases ?? {}
      const { url } = wire.latest('par')
      tell.check(`it went where certificates are asked for: ${url.origin}`, url.href === par)
      const stranger = await fetch(par, {
        method: 'POST',
        body: new URLSearchParams({ client_id }),
      })
      const { error }: { error?: string } = JSON.parse(await stranger.text())
      tell.check('without the certificate nobody is this client', error === 'invalid_client')
    },
    async checkThieves({ config, tell }, { access_token }) {
      const { userinfo_endpoint: plain = '', mtls_endpoint_aliases: aliases } =
        config.serverMetadata()
      const { userinfo_endpoint: alias = '' } = aliases ?? {}
      // Some other certificate of this machine.
      const [other, key] = [path.join(folder, 'server.pem'), path.join(folder, 'server-key.pem')]
      const show = fetchWithCertificate(readCredential(other, key))
      tell.check(
        'without the certificate they are refused',
        (await present(alias, access_token)) === 401,
      )
      tell.check(
        'with a certificate of their own they are refused',
        (await present(alias, access_token, show)) === 401,
      )
      tell.check(
        'where no certificates are asked for they are refused',
        (await present(plain, access_token)) === 401,
      )
    },
  }
  return Promise.resolve(sender)
}

function readCredential(certificate: string, key: string): Credential {
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
}

/** @returns the status */
async function present(
  url: string,
  token: string,
  send: client.CustomFetch = plainFetch,
): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await send(url, { method: 'GET', headers, body: undefined, redirect: 'manual' })
  await answer.body?.cancel()
  return answer.status
}
