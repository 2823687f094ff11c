import { duplicateName, parseForm, type Form } from '@signet/protocol'
import type { FastifyRequest } from 'fastify'
import { readBody } from '../http/body.ts'
import { foreignForm, malformedForm, notAForm } from '../http/refusals.ts'
import { isForm, readFields } from '../http/request.ts'
import { RefusedByTransport } from '../http/surface.ts'
import { isSameOrigin } from './same-origin.ts'

/**
 * The fields of a form of one of our own pages.
 *
 * @throws RefusedByTransport when it comes from elsewhere or is no form of ours.
 */
export async function readOwnForm(request: FastifyRequest, origin: string): Promise<Form> {
  if (!isSameOrigin(request.headers, origin))
    throw new RefusedByTransport(foreignForm(siteOf(request)))
  const form = readForm(await readFormBody(request))
  if (form === undefined || duplicateName(form) !== undefined) {
    throw new RefusedByTransport(malformedForm())
  }
  return form
}

/** The body of a form, unread; a form without fields has neither body nor type. */
export async function readFormBody({ raw }: FastifyRequest): Promise<string> {
  const { contentType } = readFields(raw)
  const body = await readBody(raw)
  if (body !== '' && !isForm(contentType)) throw new RefusedByTransport(notAForm(contentType))
  return body
}

export function readForm(body: string): Form | undefined {
  try {
    return parseForm(body)
  } catch {
    return undefined
  }
}

function siteOf({ headers }: FastifyRequest): string {
  return `Sec-Fetch-Site: ${headers['sec-fetch-site'] ?? 'missing'}, Origin: ${headers.origin ?? 'missing'}`
}
