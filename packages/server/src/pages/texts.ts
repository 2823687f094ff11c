import { english } from './english.ts'
import { german } from './german.ts'
import type { Language } from './language.ts'
import type { Phrase } from './phrase.ts'

/** What can be wrong with a login: the input, the pace, the server or the form. */
export type LoginProblem = 'wrong' | 'throttled' | 'busy' | 'missing'

/** Why a person sees an error page instead of going on. */
export type ErrorKind =
  'request' | 'expired' | 'cookie' | 'not-found' | 'client' | 'busy' | 'server'

/** The line of reassurance beside the page. */
export interface Pledge {
  readonly claim: string
  readonly detail: string
}

interface ErrorTexts {
  readonly title: string
  readonly happened: string
  readonly help: string
}

/** Everything the pages say. A language that leaves a text out does not compile. */
export interface Texts {
  readonly footer: string
  readonly eventId: string
  readonly login: {
    readonly title: string
    readonly titleWithProblem: string
    readonly lead: Phrase<'client'>
    readonly returns: Phrase<'host'>
    readonly username: string
    readonly password: string
    readonly login: string
    readonly cancel: string
    readonly problems: Readonly<Record<LoginProblem, string>>
    readonly throttledFor: Phrase<'wait'>
    readonly pledge: { readonly claim: string; readonly detail: Phrase<'client'> }
  }
  readonly consent: {
    readonly title: Phrase<'client'>
    readonly asks: string
    readonly asksNew: string
    readonly nothing: string
    readonly isNew: string
    readonly offline: string
    readonly offlineDetail: string
    readonly resources: string
    readonly facts: string
    readonly host: string
    readonly website: string
    readonly user: string
    readonly switchAccount: string
    readonly approve: string
    readonly cancel: string
    readonly pledge: Pledge
  }
  readonly response: {
    readonly title: string
    readonly lead: Phrase<'host'>
    readonly continue: string
    readonly help: string
    readonly pledge: Pledge
  }
  readonly logout: {
    readonly title: string
    readonly asks: Phrase<'service'>
    readonly asksFor: Phrase<'client' | 'service'>
    readonly logout: string
    readonly stay: string
    readonly pledge: Pledge
  }
  readonly loggedOut: {
    readonly title: string
    readonly done: Phrase<'service'>
    readonly back: Phrase<'client'>
    readonly close: string
    readonly pledge: Pledge
  }
  readonly error: {
    readonly kinds: Readonly<Record<ErrorKind, ErrorTexts>>
    readonly cookieNamed: Phrase<'cookie'>
    readonly helpTitle: string
    readonly eventHint: string
    readonly pledge: Pledge
  }
  readonly refusal: {
    readonly title: string
    readonly lead: string
    readonly facts: string
    readonly error: string
    readonly description: string
    readonly requirement: string
    readonly at: string
    readonly operator: string
    readonly operatorDetail: string
    readonly pledge: Pledge
  }
  readonly home: {
    readonly title: string
    readonly lead: Phrase<'issuer'>
    readonly start: string
    readonly links: string
    readonly metadata: string
    readonly metadataDetail: string
    readonly keys: string
    readonly keysDetail: string
    readonly pledge: Pledge
  }
}

/** The texts of the pages in every language. */
export const texts: Readonly<Record<Language, Texts>> = { en: english, de: german }
