import type { Language } from './language.ts'
import { phrase } from './phrase.ts'
import { render, type Site } from './render.ts'
import { type ErrorKind, texts } from './texts.ts'

/** Why a person cannot go on, as far as the person may know. */
export interface ErrorPage extends Site {
  readonly kind: ErrorKind
  /** Leads the operator to the audit event. */
  readonly eventId?: string | undefined
  /** Safe text that says more, such as an `error_description`. */
  readonly detail?: string | undefined
  /** The name of the cookie that did not come, if `kind` is `cookie`. */
  readonly cookieName?: string | undefined
}

/**
 * An error that must not be sent to a client, since nobody knows whether the client is genuine.
 *
 * @see RFC 6749, section 4.1.2.1
 */
export function errorPage(model: ErrorPage, language: Language): string {
  const t = texts[language].error
  const kind = t.kinds[model.kind]
  return render(model, language, {
    template: 'error',
    title: kind.title,
    pledge: t.pledge,
    content: {
      t,
      title: kind.title,
      happened:
        model.kind === 'cookie' && model.cookieName !== undefined
          ? phrase(t.cookieNamed, { cookie: model.cookieName })
          : [{ text: kind.happened, foreign: false }],
      detail: model.detail,
      help: kind.help,
      eventIdLabel: texts[language].eventId,
      eventId: model.eventId,
    },
  })
}
