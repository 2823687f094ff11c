/** Why a callback, a token or a call was refused: closed, so that metrics can count by it. */
export type LoginFailure =
  | 'access_denied'
  | 'authorization_refused'
  | 'authorization_server_unavailable'
  | 'cross_site_start'
  | 'invalid_response'
  | 'invalid_return_url'
  | 'login_expired'
  | 'wrong_issuer'

export type CsrfRejection = 'header_missing' | 'cross_site' | 'foreign_origin'

export type RefreshResult = 'refreshed' | 'shared' | 'dead' | 'unavailable'

export type LogoutCause = 'user' | 'session_list' | 'back_channel' | 'refresh_refused'

/**
 * What happened, for metrics and logs. Never holds a token, a code, a cookie or a claim; `detail` is for an operator, and
 * may hold what a stranger wrote, shortened.
 */
export type BffEvent =
  | { readonly type: 'login_started'; readonly frontend: string }
  | { readonly type: 'login_succeeded'; readonly frontend: string }
  | {
      readonly type: 'login_failed'
      readonly frontend: string
      readonly reason: LoginFailure
      readonly detail?: string
    }
  | {
      readonly type: 'logout'
      readonly frontend: string
      readonly cause: LogoutCause
      readonly sessions: number
    }
  | { readonly type: 'refresh'; readonly result: RefreshResult; readonly detail?: string }
  | { readonly type: 'revocation_failed'; readonly detail: string }
  | {
      readonly type: 'proxied'
      readonly frontend: string
      readonly route: string
      readonly status: number
      readonly milliseconds: number
    }
  | {
      readonly type: 'csrf_rejected'
      readonly frontend: string
      readonly reason: CsrfRejection
    }
  | {
      readonly type: 'validation_failed'
      readonly where: 'logout_token' | 'login' | 'session' | 'path' | 'response'
      readonly reason: string
      readonly detail?: string
    }
  | { readonly type: 'authority_unavailable'; readonly detail: string }
  | { readonly type: 'store_unavailable'; readonly eventId: string }
  | { readonly type: 'fault'; readonly eventId: string; readonly error: unknown }

export type OnEvent = (event: BffEvent) => void
