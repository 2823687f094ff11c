import type { MutualTls } from '@signet/engine'
import { readCertificateHeader, Refused, type CertificateHeaderFormat } from '@signet/protocol'
import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TrustedProxies } from './proxies.ts'
import { RefusedByTransport } from './surface.ts'

/** Says which certificates came with a request to the listener that is there for them. */
export type CertificateSource = (message: IncomingMessage) => MutualTls

const NONE: MutualTls = { chain: [] }

/** A certificate of its own and what leads from there to an authority: nobody needs as many as this. */
const LONGEST_CHAIN = 10

/** What clients showed in the handshakes of this process, read once for each connection. */
export function shownInHandshake(): CertificateSource {
  const shown = new WeakMap<Socket, MutualTls>()
  return ({ socket }) => {
    const known = shown.get(socket)
    if (known !== undefined) return known
    const found: MutualTls = { chain: chainOf(socket) }
    shown.set(socket, found)
    return found
  }
}

function chainOf(socket: Socket): readonly Uint8Array[] {
  const chain: Uint8Array[] = []
  let certificate: X509Certificate | undefined =
    socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  while (certificate !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain
}

/**
 * What a proxy says that a client showed it. Everybody else's word counts nothing, and is not even looked at.
 *
 * @see RFC 9440 §2
 */
export function toldByProxy(
  format: CertificateHeaderFormat,
  proxies: Pick<TrustedProxies, 'sent'>,
): CertificateSource {
  return (message) => {
    if (!proxies.sent(message)) return NONE
    try {
      return { chain: readCertificateHeader(message.rawHeaders, format) }
    } catch (error) {
      if (error instanceof Refused) throw new RefusedByTransport({ status: 400, refused: error })
      throw error
    }
  }
}
