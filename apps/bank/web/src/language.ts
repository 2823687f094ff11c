import { english, type Texts } from './texts/english.ts'
import { german } from './texts/german.ts'

/** The language the person reads best among those there are. */
export const language: 'en' | 'de' = choose(navigator.languages)
export const texts: Texts = language === 'de' ? german : english

/** With the customs of the person's region, if that speaks this language. */
const locale = navigator.languages.find((each) => each.startsWith(language)) ?? language
const money = new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' })
const signedMoney = new Intl.NumberFormat(locale, {
  style: 'currency',
  currency: 'EUR',
  signDisplay: 'exceptZero',
})
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const month = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })

function choose(languages: readonly string[]): 'en' | 'de' {
  const known = languages.map((each) => each.slice(0, 2).toLowerCase())
  const first = known.find((each) => each === 'en' || each === 'de')
  return first === 'de' ? 'de' : 'en'
}

export function euros(cents: number): string {
  return money.format(cents / 100)
}

export function signedEuros(cents: number): string {
  return signedMoney.format(cents / 100)
}

/** @param date `2026-11-05` */
export function dayOf(date: string): string {
  return day.format(new Date(date))
}

/** @param date `2026-11-05` */
export function monthOf(date: string): string {
  return month.format(new Date(date))
}

/** @param seconds since 1970 */
export function momentOf(seconds: number): string {
  return moment.format(new Date(seconds * 1_000))
}

/** @param milliseconds since 1970 */
export function clockOf(milliseconds: number): string {
  return clock.format(new Date(milliseconds))
}

/** In groups of four, as it is printed on cards. */
export function spacedIban(iban: string): string {
  return iban.replaceAll(/(.{4})(?=.)/g, '$1 ')
}
