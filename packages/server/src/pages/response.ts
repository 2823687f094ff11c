import { createHash } from 'node:crypto'
import { Exact } from './escape.ts'
import type { Language } from './language.ts'
import { phrase } from './phrase.ts'
import { type HiddenField, render, type Site } from './render.ts'
import { texts } from './texts.ts'

/** An authorization response, on its way through the browser in a form. */
export interface ResponsePage extends Site {
  /** The redirect URI of the client. */
  readonly action: string
  readonly fields: readonly HiddenField[]
}

/** The only script of all pages. It posts the form at once; without it the person does, by the button. */
const SCRIPT = "document.getElementById('form').submit()"

/** Its hash, as a source expression. @see Content Security Policy Level 3 §2.3.1 */
export const RESPONSE_SCRIPT: string = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`

/**
 * The page that takes a response to the client.
 *
 * @see OAuth 2.0 Form Post Response Mode §2
 */
export function responsePage(model: ResponsePage, language: Language): string {
  const t = texts[language].response
  return render(model, language, {
    template: 'response',
    title: t.title,
    pledge: t.pledge,
    content: {
      t,
      lead: phrase(t.lead, { host: URL.parse(model.action)?.host ?? model.action }),
      action: model.action,
      fields: model.fields.map(({ name, value }) => ({
        name: new Exact(name),
        value: new Exact(value),
      })),
      script: SCRIPT,
    },
  })
}
