import type { BackChannelRequest, ResourceRequest } from '@signet/engine'
import type { FastifyRequest } from 'fastify'
import { readBody } from '../http/body.ts'
import type { CertificateSource } from '../http/certificates.ts'
import { queryOf, readFields } from '../http/request.ts'

/**
 * A request as the transport found it: nothing parsed, nothing merged, nothing lost.
 *
 * @param certificates only where clients come with certificates
 */
export async function backChannel(
  { raw }: FastifyRequest,
  certificates?: CertificateSource,
): Promise<BackChannelRequest> {
  const body = await readBody(raw)
  const { authorization, dpop, contentType } = readFields(raw)
  const { accept } = raw.headers
  return {
    body,
    authorization,
    dpop,
    contentType,
    ...(accept !== undefined && { accept }),
    ...(certificates && { mutualTls: certificates(raw) }),
  }
}

/** A request with an access token; whatever else it holds is only searched for a token in the wrong place. */
export async function resourceRequest(
  { raw, method }: FastifyRequest,
  certificates?: CertificateSource,
): Promise<ResourceRequest> {
  const body = method === 'POST' ? await readBody(raw) : ''
  const query = queryOf(raw)
  const { authorization, dpop } = readFields(raw)
  const parameterNames = query === '' && body === '' ? NONE : [...namesIn(query), ...namesIn(body)]
  return {
    method,
    authorization,
    dpop,
    parameterNames,
    ...(certificates && { mutualTls: certificates(raw) }),
  }
}

const NONE: readonly string[] = []

function namesIn(text: string): readonly string[] {
  return [...new URLSearchParams(text).keys()]
}
