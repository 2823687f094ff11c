import type {
  AuthenticatedOutcome,
  BeginOutcome,
  CompleteOutcome,
  ConsentNeeded,
  EndSessionOutcome,
  ErrorPage,
  FormPostToClient,
  LoginNeeded,
  RedirectToClient,
  ResponseToClient,
  Service,
} from '@signet/engine'
import { formTarget, page, seeOther, type Answer } from '../http/answer.ts'
import { basePath } from '../http/served.ts'
import type { Answers } from '../oauth/answers.ts'
import { consentPage } from '../pages/consent.ts'
import { errorPage } from '../pages/error.ts'
import { loginPage } from '../pages/login.ts'
import { loggedOutPage, logoutPage } from '../pages/logout.ts'
import { RESPONSE_SCRIPT, responsePage } from '../pages/response.ts'
import type { LoginProblem } from '../pages/texts.ts'
import { clearCookie, cookieNames, setCookie } from './cookies.ts'
import { isShownAsScope, scopeText } from './scope-texts.ts'
import { languageOf, siteOf, type Visitor } from './visitor.ts'

/** Somebody in the middle of an interaction. */
export interface InInteraction {
  readonly visitor: Visitor
  readonly id: string
  /** Cookies to set beside those of the outcome. */
  readonly cookies?: readonly string[]
}

/** A login form that comes back to the person, and why. */
export interface LoginRefused extends Omit<LoginNeeded, 'action'> {
  readonly action: 'login-refused'
  readonly problem: LoginProblem
  readonly username: string
  /** Seconds. */
  readonly retryAfter?: number
}

/** A consent with the name the person knows itself by. */
export type ConsentShown = ConsentNeeded & { readonly userName: string }

export type ShownOutcome = LoginNeeded | LoginRefused | ConsentShown | ResponseToClient | ErrorPage

/** Somebody whose session ends, and the parameters of the request, to come back with the confirmation. */
export interface Leaving {
  readonly visitor: Visitor
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** What people are answered at one service. */
export interface BrowserAnswers {
  readonly begin: Answers<BeginOutcome, Visitor>
  readonly interaction: Answers<ShownOutcome, InInteraction>
  readonly authenticated: Answers<AuthenticatedOutcome, InInteraction>
  readonly complete: Answers<CompleteOutcome, Visitor>
  readonly endSession: Answers<EndSessionOutcome, Leaving>
}

export function browserAnswers(service: Service): BrowserAnswers {
  const names = cookieNames(service.issuer)
  const interactionUrl = (id: string): string => `${service.endpoints.interaction}/${id}`
  const sorry = (outcome: ErrorPage, visitor: Visitor): Answer =>
    errorAnswer(outcome, { service, visitor, cookieName: names.browser })
  const posted = (outcome: FormPostToClient, visitor: Visitor): Answer =>
    responseAnswer(outcome, service, visitor)

  return {
    begin: {
      interact: ({ interactionId, browser }) => {
        const cookies = browser === undefined ? [] : [setCookie(names.browser, browser)]
        return seeOther(interactionUrl(interactionId), cookies)
      },
      redirect: toClient,
      'form-post': posted,
      page: sorry,
    },
    interaction: {
      login: (outcome, where) => loginAnswer(outcome, service, where),
      'login-refused': (outcome, where) => loginAnswer(outcome, service, where),
      consent: (outcome, where) => consentAnswer(outcome, service, where),
      redirect: toClient,
      'form-post': (outcome, { visitor }) => posted(outcome, visitor),
      page: (outcome, { visitor }) => sorry(outcome, visitor),
    },
    authenticated: {
      'logged-in': ({ session }, { id, cookies = [] }) =>
        seeOther(interactionUrl(id), [setCookie(names.session, session), ...cookies]),
      page: (outcome, { visitor }) => sorry(outcome, visitor),
    },
    complete: { redirect: toClient, 'form-post': posted, page: sorry },
    endSession: {
      'logged-out': ({ location, clientName }, { visitor }) => {
        const cookies = [clearCookie(names.session)]
        if (location !== undefined) return seeOther(location, cookies)
        const model = { ...siteOf(service), clientName }
        return page(loggedOutPage(model, languageOf(visitor)), { cookies })
      },
      'confirm-logout': ({ clientName }, leaving) => logoutAnswer(clientName, service, leaving),
      page: (outcome, { visitor }) => sorry(outcome, visitor),
    },
  }
}

function toClient({ location }: RedirectToClient): Answer {
  return seeOther(location)
}

/** A form that leaves for the client by itself, or by a button where no script runs. */
function responseAnswer(
  { redirectUri, fields }: FormPostToClient,
  service: Service,
  visitor: Visitor,
): Answer {
  const hidden = fields.map(([name, value]) => ({ name, value }))
  const model = { ...siteOf(service), action: redirectUri, fields: hidden }
  return page(responsePage(model, languageOf(visitor)), {
    formTargets: formTarget(redirectUri),
    script: RESPONSE_SCRIPT,
  })
}

interface Apology {
  readonly service: Service
  readonly visitor: Visitor
  readonly cookieName: string
}

function errorAnswer(
  { kind, refusal, eventId }: ErrorPage,
  { service, visitor, cookieName }: Apology,
): Answer {
  const told = { kind, eventId, detail: refusal.description }
  const model = { ...siteOf(service), ...told, ...(kind === 'cookie' && { cookieName }) }
  return page(errorPage(model, languageOf(visitor)), { status: 400 })
}

const STATUS: Readonly<Record<LoginProblem, number>> = {
  wrong: 401,
  missing: 400,
  throttled: 429,
  busy: 503,
}

function loginAnswer(
  needed: LoginNeeded | LoginRefused,
  service: Service,
  { visitor, id }: InInteraction,
): Answer {
  const { client, redirectUri, loginHint, uiLocales } = needed
  const refused = needed.action === 'login-refused' ? needed : undefined
  const retryAfter = refused?.retryAfter
  const model = {
    ...siteOf(service),
    clientName: client.name,
    clientHost: new URL(redirectUri).host,
    action: interactionPath(service, id, 'login'),
    cancelAction: interactionPath(service, id, 'cancel'),
    username: refused?.username ?? loginHint,
    problem: refused?.problem,
    retryAfter,
  }
  return page(loginPage(model, languageOf(visitor, uiLocales)), {
    status: refused === undefined ? 200 : STATUS[refused.problem],
    formTargets: formTarget(redirectUri),
    ...(retryAfter !== undefined && { headers: { 'retry-after': String(retryAfter) } }),
  })
}

function consentAnswer(
  needed: ConsentShown,
  service: Service,
  { visitor, id }: InInteraction,
): Answer {
  const { client, redirectUri, subject, scopes, resources, userName, uiLocales } = needed
  const language = languageOf(visitor, uiLocales)
  const model = {
    ...siteOf(service),
    clientName: client.name,
    clientHost: new URL(redirectUri).host,
    clientUri: client.uri,
    userName,
    scopes: scopes
      .filter(({ name }) => isShownAsScope(name))
      .map((scope) => ({ ...scope, description: scopeText(service, scope.name, language) })),
    resources,
    offline: scopes.some(({ name }) => name === 'offline_access'),
    // Whom the page named comes back with the decision, so that nobody approves in the name of another.
    action: `${interactionPath(service, id, 'consent')}?subject=${encodeURIComponent(subject)}`,
    switchAccountAction: interactionPath(service, id, 'switch'),
  }
  return page(consentPage(model, language), { formTargets: formTarget(redirectUri) })
}

function logoutAnswer(
  clientName: string | undefined,
  service: Service,
  { visitor, fields }: Leaving,
): Answer {
  const action = new URL(service.endpoints.endSession).pathname
  const html = logoutPage({ ...siteOf(service), clientName, action, fields }, languageOf(visitor))
  const target = fields.find(({ name }) => name === 'post_logout_redirect_uri')?.value
  return page(html, { formTargets: formTarget(target) })
}

function interactionPath(service: Service, id: string, deed: string): string {
  return `${basePath(service)}/interaction/${id}/${deed}`
}
