import type { SigningKey } from '@signet/protocol'
import type { Route } from '../config/settings.ts'
import type { Core } from '../core.ts'
import { SessionDead } from '../sessions/refresh.ts'
import type { Session } from '../sessions/sessions.ts'

/** An access token and the key it is bound to. */
export interface Credential {
  readonly accessToken: string
  readonly key: SigningKey
}

/** Where the credential of a call comes from; asked again when an API has refused it. */
export interface CredentialSource {
  /**
   * @param refused the token that was refused @returns nothing if the call goes without
   * @throws SessionDead, AuthorityFailure
   */
  get(refused?: string): Promise<Credential | undefined>
}

const nobody: CredentialSource = { get: async () => undefined }

/** @param session of the browser, if it has one @throws SessionDead if the route needs one */
export function credentialSource(
  core: Core,
  route: Route,
  session: Session | undefined,
): CredentialSource {
  switch (route.token) {
    case 'none':
      return nobody
    case 'client':
      return {
        get: async (refused) => ({
          accessToken: await core.clientTokens.token(route, refused),
          key: core.clientTokens.key,
        }),
      }
    case 'user':
      if (session === undefined) throw new SessionDead('there is no session')
      return ofSession(core, route, session)
    case 'user-or-none':
      return session === undefined ? nobody : ofSession(core, route, session)
  }
}

function ofSession(core: Core, route: Route, session: Session): CredentialSource {
  return {
    get: async (refused) => ({
      accessToken: await core.refresher.token(session, route, refused),
      key: session.secrets.proofKey,
    }),
  }
}
