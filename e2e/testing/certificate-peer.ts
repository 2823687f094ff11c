import type { ClientCredential } from './client-certificates.ts'
import { ask, type Answer } from './https.ts'
import { Peer, type Difference, type PeerOptions } from './peer.ts'

export interface CertificatePeerOptions extends PeerOptions {
  /** Empty until the server is there: see `atSite`. */
  readonly mtlsOrigin?: string
  readonly certificate: ClientCredential
}

const DIRECT: ReadonlySet<string> = new Set(['par', 'token', 'introspect', 'revoke', 'userinfo'])

/** The client made by hand that is known by its certificate and whose tokens are bound to it; every part can be wrong. */
export class CertificatePeer extends Peer {
  readonly mtlsOrigin: string
  readonly certificate: ClientCredential

  constructor({ mtlsOrigin = '', certificate, ...rest }: CertificatePeerOptions) {
    super(rest)
    this.mtlsOrigin = mtlsOrigin
    this.certificate = certificate
  }

  /** The same client, at this server. */
  atSite(site: { readonly origin: string; readonly mtlsOrigin: string }): CertificatePeer {
    const { clientId, scope, key, redirectUri, certificate } = this
    const place = { issuer: site.origin, mtlsOrigin: site.mtlsOrigin }
    return new CertificatePeer({ ...place, clientId, scope, key, redirectUri, certificate })
  }

  override metadata(more: object = {}): Readonly<Record<string, unknown>> {
    const { jwks: _jwks, dpop_bound_access_tokens: _dpop, ...rest } = super.metadata()
    return { ...rest, tls_client_certificate_bound_access_tokens: true, ...more }
  }

  override endpoint(name: string): string {
    return DIRECT.has(name) ? `${this.mtlsOrigin}/${name}` : super.endpoint(name)
  }

  override send(
    name: string,
    form: Readonly<Record<string, string | undefined>>,
    difference: Difference = {},
  ): Promise<Answer> {
    const { clientId: client_id, certificate } = this
    const usual = { assertion: null, proof: null, certificate }
    return super.send(name, { client_id, ...form }, { ...usual, ...difference })
  }

  override userinfo(accessToken: string, difference: Difference = {}): Promise<Answer> {
    const headers = { authorization: `Bearer ${accessToken}`, ...difference.headers }
    const { certificate } = this
    return ask(difference.url ?? this.endpoint('userinfo'), { certificate, ...difference, headers })
  }
}
