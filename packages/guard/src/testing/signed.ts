import { Buffer } from 'node:buffer'
import { createRequestSignature, withFields, type SigningKey } from '@signet/protocol'
import { pathAndQueryOf, type GuardRequest } from '../request.ts'
import { API } from './stage.ts'

export interface SignatureChange {
  readonly key: SigningKey
  readonly now: number
  readonly body?: string
  /** Where the client believes the request goes. */
  readonly baseUrl?: string
}

/** A request as a client signs it. */
export function signed(request: GuardRequest, change: SignatureChange): GuardRequest {
  const { key, now, baseUrl = API } = change
  const body = Buffer.from(change.body ?? '')
  const { method, headers } = request
  const targetUri = baseUrl + pathAndQueryOf(request.target)
  const fields = createRequestSignature({ request: { method, targetUri, headers }, body, key, now })
  return {
    ...request,
    headers: withFields(headers, fields),
    readBody: () => Promise.resolve(body),
  }
}
