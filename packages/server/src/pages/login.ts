import { abridge } from './escape.ts'
import type { Language } from './language.ts'
import { type Part, phrase } from './phrase.ts'
import { render, type Site } from './render.ts'
import { type LoginProblem, texts } from './texts.ts'

/** Who wants the person to log in, and what went wrong the last time. */
export interface LoginPage extends Site {
  readonly clientName: string
  /** The host of the redirect URI. */
  readonly clientHost: string
  /** Where the form is posted: fields `username` and `password`. */
  readonly action: string
  /** Where the cancel button posts, without any field. */
  readonly cancelAction: string
  /** What to write into the form beforehand, such as the `login_hint`. */
  readonly username?: string | undefined
  readonly problem?: LoginProblem | undefined
  /** Seconds until another attempt is allowed, if `problem` is `throttled`. */
  readonly retryAfter?: number | undefined
}

/**
 * The login form. It says who is asking and where the person returns to.
 *
 * @see OpenID Connect Core 1.0, section 3.1.2.3
 */
export function loginPage(model: LoginPage, language: Language): string {
  const t = texts[language].login
  const client = abridge(model.clientName)
  const { problem, username = '' } = model
  return render(model, language, {
    template: 'login',
    title: problem === undefined ? t.title : t.titleWithProblem,
    pledge: { claim: t.pledge.claim, detail: phrase(t.pledge.detail, { client }) },
    content: {
      t,
      lead: phrase(t.lead, { client }),
      returns: phrase(t.returns, { host: model.clientHost }),
      action: model.action,
      cancelAction: model.cancelAction,
      username,
      invalid: problem === 'wrong' || problem === 'missing',
      message: problem === undefined ? undefined : message(model, problem, language),
    },
  })
}

function message(model: LoginPage, problem: LoginProblem, language: Language): readonly Part[] {
  const { problems, throttledFor } = texts[language].login
  const { retryAfter = 0 } = model
  return problem === 'throttled' && Number.isFinite(retryAfter) && retryAfter > 0
    ? phrase(throttledFor, { wait: duration(retryAfter, language) })
    : [{ text: problems[problem], foreign: false }]
}

const units = [
  { unit: 'second', size: 1, most: 90 },
  { unit: 'minute', size: 60, most: 5_400 },
  { unit: 'hour', size: 3_600, most: Number.POSITIVE_INFINITY },
] as const

/** Seconds as people say them, never shorter than they are. */
function duration(seconds: number, language: Language): string {
  const { unit, size } = units.find(({ most }) => seconds <= most) ?? units[0]
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
  return format.format(Math.ceil(seconds / size))
}
