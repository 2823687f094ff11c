import { isSigned, RESPONSE_MODES, type ResponseMode } from '../response-modes.ts'

/** The profiles of FAPI 2.0, which a service or a single client can be held to. */
export const PROFILES = ['fapi2-security', 'fapi2-message-signing'] as const

export type Profile = (typeof PROFILES)[number]

export function isProfile(name: string): name is Profile {
  return PROFILES.some((known) => known === name)
}

/** What a profile leaves to a client. */
export interface ProfileTerms {
  readonly requireSignedRequests: boolean
  readonly responseModes: readonly ResponseMode[]
}

/** @see FAPI 2.0 Message Signing §5.3.1 and §5.4.1 */
export const TERMS: Readonly<Record<Profile, ProfileTerms>> = {
  'fapi2-security': { requireSignedRequests: false, responseModes: RESPONSE_MODES },
  'fapi2-message-signing': {
    requireSignedRequests: true,
    responseModes: RESPONSE_MODES.filter(isSigned),
  },
}
