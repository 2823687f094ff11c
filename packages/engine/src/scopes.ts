import type { Service } from './config.ts'

/** The scopes of OpenID Connect (Core §5.4, §11); every service has them. */
export const OPENID_SCOPES: readonly string[] = [
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
]

const OPENID: ReadonlySet<string> = new Set(OPENID_SCOPES)

export function isOpenIdScope(name: string): boolean {
  return OPENID.has(name)
}

/** Whether a scope means anything at this service. */
export function isKnownScope(service: Service, name: string): boolean {
  return OPENID.has(name) || Object.hasOwn(service.scopes, name)
}
