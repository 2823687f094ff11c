import type { JsonObject } from '../jose/json-object.ts'
import type { Seconds } from '../time.ts'

/** What a client asks for, in its own signature. @see RFC 9101 §4 */
export interface RequestObjectClaims extends JsonObject {
  readonly client_id: string
  readonly nbf: Seconds
  readonly exp: Seconds
  readonly jti?: string
  readonly resource?: string | readonly string[]
}
