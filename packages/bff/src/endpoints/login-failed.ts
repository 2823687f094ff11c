import type { LoginFailure } from '../events.ts'

/** A login that ends here. The reason is ours; what the server or a stranger wrote is never shown. */
export class LoginFailed extends Error {
  readonly reason: LoginFailure

  constructor(reason: LoginFailure, detail: string, cause?: unknown) {
    super(detail, { cause })
    this.reason = reason
  }
}
