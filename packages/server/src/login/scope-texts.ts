import type { Service } from '@signet/engine'
import type { Language } from '../pages/language.ts'

/** What the scopes of OpenID Connect let an application do, to be read after "it may". @see OIDC Core §5.4 */
const OPENID: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  profile: {
    en: 'See your profile: name, picture, date of birth, language and the like',
    de: 'Ihr Profil sehen: Name, Bild, Geburtsdatum, Sprache und Ähnliches',
  },
  email: { en: 'See your email address', de: 'Ihre E-Mail-Adresse sehen' },
  address: { en: 'See your postal address', de: 'Ihre Postanschrift sehen' },
  phone: { en: 'See your phone number', de: 'Ihre Telefonnummer sehen' },
}

/** A scope in plain words; the operator's own words come first. */
export function scopeText({ scopes }: Service, name: string, language: Language): string {
  const own = Object.hasOwn(scopes, name) ? scopes[name]?.description : undefined
  if (own !== undefined) return own[language] ?? own.en
  return (Object.hasOwn(OPENID, name) ? OPENID[name]?.[language] : undefined) ?? name
}

/** Scopes that the page shows in another way: one is the login itself, the other lets access outlive it. */
export function isShownAsScope(name: string): boolean {
  return name !== 'openid' && name !== 'offline_access'
}
