/**
 * How an authorization response can travel. The fragment is for response types that do not exist here.
 *
 * @see OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2, JARM §2.3
 */
export const RESPONSE_MODES = ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'] as const

export type ResponseMode = (typeof RESPONSE_MODES)[number]

export function isResponseMode(name: string): name is ResponseMode {
  return RESPONSE_MODES.some((known) => known === name)
}

/** Whether the response is one signed JWT. */
export function isSigned(mode: ResponseMode): boolean {
  return mode === 'jwt' || mode.endsWith('.jwt')
}
