import { abridge } from './escape.ts'
import type { Language } from './language.ts'
import { phrase, plain } from './phrase.ts'
import { render, type Site } from './render.ts'
import { texts } from './texts.ts'

/** One scope the client asks for. */
export interface AskedScope {
  readonly name: string
  /** In plain words and in the language of the page; the name stands in if it is empty. */
  readonly description: string
  /** Whether the person has not granted it to this client before. */
  readonly isNew?: boolean | undefined
}

/** Everything a person needs for an informed decision. */
export interface ConsentPage extends Site {
  readonly clientName: string
  /** The host of the redirect URI: where the answer goes. */
  readonly clientHost: string
  readonly clientUri?: string | undefined
  readonly userName: string
  readonly scopes: readonly AskedScope[]
  /** Resource indicators: where the access is valid. */
  readonly resources: readonly string[]
  /** Whether access outlives the session, by a refresh token. */
  readonly offline: boolean
  /** Where the form is posted: `decision` is `approve` or `cancel`. */
  readonly action: string
  /** Where to post, without any field, to log in as somebody else. */
  readonly switchAccountAction?: string | undefined
}

/**
 * The consent form. Nothing on it leads anywhere but to a decision: even the client's own address
 * is text.
 *
 * @see FAPI 2.0 Security Profile, section 5.3.2.2, clause 13; RFC 9700, section 4.2.4
 */
export function consentPage(model: ConsentPage, language: Language): string {
  const t = texts[language].consent
  const heading = phrase(t.title, { client: abridge(model.clientName) })
  const isAddition = model.scopes.some(isNew) && !model.scopes.every(isNew)
  return render(model, language, {
    template: 'consent',
    title: plain(heading),
    pledge: t.pledge,
    content: {
      t,
      heading,
      asks: isAddition ? t.asksNew : t.asks,
      scopes: newFirst(model.scopes).map((scope) => ({
        name: scope.name,
        words: scope.description.trim() === '' ? scope.name : scope.description,
        isNew: isAddition && isNew(scope),
      })),
      offline: model.offline,
      resources: model.resources,
      clientHost: model.clientHost,
      clientUri: model.clientUri,
      userName: abridge(model.userName),
      action: model.action,
      switchAccountAction: model.switchAccountAction,
    },
  })
}

function isNew(scope: AskedScope): boolean {
  return scope.isNew === true
}

function newFirst(scopes: readonly AskedScope[]): readonly AskedScope[] {
  return [...scopes.filter(isNew), ...scopes.filter((scope) => !isNew(scope))]
}
