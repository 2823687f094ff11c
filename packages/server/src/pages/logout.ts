import { abridge, Exact } from './escape.ts'
import type { Language } from './language.ts'
import { phrase } from './phrase.ts'
import { type HiddenField, render, type Site } from './render.ts'
import { texts } from './texts.ts'

/** A logout that needs the person's word, since nobody else vouches for it. */
export interface LogoutPage extends Site {
  readonly clientName?: string | undefined
  /** Where the form is posted: the fields, and `decision` is `logout` or `stay`. */
  readonly action: string
  /** The parameters of the logout request, to come back unchanged. */
  readonly fields: readonly HiddenField[]
}

/**
 * Asks whether the session shall end.
 *
 * @see OpenID Connect RP-Initiated Logout 1.0, sections 2 and 6
 */
export function logoutPage(model: LogoutPage, language: Language): string {
  const t = texts[language].logout
  const service = abridge(model.serviceName)
  return render(model, language, {
    template: 'logout',
    title: t.title,
    pledge: t.pledge,
    content: {
      t,
      question:
        model.clientName === undefined
          ? phrase(t.asks, { service })
          : phrase(t.asksFor, { service, client: abridge(model.clientName) }),
      action: model.action,
      fields: model.fields.map(({ name, value }) => ({
        name: new Exact(name),
        value: new Exact(value),
      })),
    },
  })
}

/** A session that has ended, and perhaps the client the person came from. */
export interface LoggedOutPage extends Site {
  readonly clientName?: string | undefined
}

/** Says that the session has ended. */
export function loggedOutPage(model: LoggedOutPage, language: Language): string {
  const t = texts[language].loggedOut
  return render(model, language, {
    template: 'logged-out',
    title: t.title,
    pledge: t.pledge,
    content: {
      t,
      done: phrase(t.done, { service: abridge(model.serviceName) }),
      back:
        model.clientName === undefined
          ? undefined
          : phrase(t.back, { client: abridge(model.clientName) }),
    },
  })
}
