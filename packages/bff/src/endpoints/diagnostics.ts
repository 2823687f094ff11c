import { sendJson } from '../http/answers.ts'
import { sessionOf, type Call } from '../http/call.ts'

/** What a developer asks first, without secrets. Only in development. */
export async function diagnostics(call: Call): Promise<void> {
  const { core, frontend } = call
  const known = core.authority.current()
  const session = await sessionOf(call)
  sendJson(call, {
    frontend: {
      name: frontend.name,
      origin: frontend.origin,
      redirectUri: frontend.redirectUri,
      scopes: frontend.scopes,
      routes: frontend.routes.map(({ match, target, token }) => ({
        match,
        target: target.href,
        token,
      })),
    },
    client: {
      ...core.settings,
      certificate: core.certificate && {
        'x5t#S256': core.certificate.thumbprint,
        expires: core.certificate.expires,
      },
    },
    authorizationServer: {
      issuer: core.authority.issuer,
      discovered: known !== undefined,
      nonce: core.nonces.get(core.authority.issuer) !== undefined,
    },
    session: session && {
      handle: session.stored.handle,
      version: session.stored.version,
      expiresAt: session.stored.expiresAt,
      endsAt: session.stored.endsAt,
      proofKey: session.secrets.proofKey.kid,
      refreshable: session.secrets.refreshToken !== undefined,
      tokens: Object.entries(session.secrets.tokens).map(([name, { renewAt }]) => ({
        name,
        renewAt,
      })),
      scope: session.secrets.scope,
    },
    now: core.clock.now(),
  })
}
