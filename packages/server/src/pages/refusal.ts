import type { Language } from './language.ts'
import { render, type Site } from './render.ts'
import { texts } from './texts.ts'

/** A refused request, as far as its caller may know. */
export interface RefusalPage extends Site {
  readonly eventId: string
  /** The error code the caller was given. */
  readonly error: string
  readonly description: string
  readonly requirementId: string
  /** The obligation, to be read after "The server …". */
  readonly says: string
  /** When it happened, an ISO 8601 time. */
  readonly at: string
}

/**
 * The page behind `error_uri`. It repeats what the caller was told and shows the operator the way
 * to the evidence, which it does not hold.
 *
 * @see RFC 6749, section 5.2
 */
export function refusalPage(model: RefusalPage, language: Language): string {
  const t = texts[language].refusal
  return render(model, language, {
    template: 'refusal',
    title: t.title,
    pledge: t.pledge,
    content: {
      t,
      eventIdLabel: texts[language].eventId,
      eventId: model.eventId,
      error: model.error,
      description: model.description,
      requirementId: model.requirementId,
      says: model.says,
      at: model.at,
      time: readable(model.at, language),
    },
  })
}

function readable(at: string, language: Language): string {
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return at
  const format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'long',
    timeStyle: 'long',
    timeZone: 'UTC',
  })
  return format.format(time)
}
