import * as client from 'openid-client'

/** How an action was refused: the OAuth error code, or the status of a resource. */
export interface Refusal {
  readonly code: string
  readonly uri?: unknown
}

/** Undefined when it was not refused. */
export async function refused(action: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    if (error instanceof client.WWWAuthenticateChallengeError) return { code: String(error.status) }
    if (!(error instanceof client.ResponseBodyError)) throw error
    return { code: error.error, uri: error.cause['error_uri'] }
  }
}
