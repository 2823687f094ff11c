import { Eta } from 'eta'
import { icon, readPageFile, stylesheet } from './assets.ts'
import { abridge, escapeHtml } from './escape.ts'
import type { Language } from './language.ts'
import type { Part } from './phrase.ts'
import { type Pledge, texts } from './texts.ts'

/** What every page knows about where it stands. */
export interface Site {
  /** The name people know the service by. */
  readonly serviceName: string
  /** The path the assets are served under, without a slash at its end; `/assets` if absent. */
  readonly assetsPath?: string | undefined
}

/** A field of a form that people do not see. */
export interface HiddenField {
  readonly name: string
  readonly value: string
}

const templates = [
  'layout',
  'phrase',
  'login',
  'consent',
  'response',
  'logout',
  'logged-out',
  'error',
  'refusal',
  'home',
] as const
type Template = (typeof templates)[number]

/** What a template is given, beside the site and the language. */
export interface View {
  readonly template: Exclude<Template, 'layout' | 'phrase'>
  readonly title: string
  readonly pledge: Pledge | { readonly claim: string; readonly detail: readonly Part[] }
  readonly content: object
}

const eta = new Eta({ escapeFunction: escapeHtml, autoEscape: true })
for (const name of templates) {
  eta.loadTemplate(`@${name}`, readPageFile(`templates/${name}.eta`))
}

/** A complete HTML document: the page's own part inside the frame all pages share. */
export function render(site: Site, language: Language, view: View): string {
  const { assetsPath = '/assets' } = site
  const { detail } = view.pledge
  const name = abridge(site.serviceName)
  const frame = {
    language,
    title: `${view.title} · ${name}`,
    serviceName: name,
    stylesheet: `${assetsPath}/${stylesheet.name}`,
    icon: `${assetsPath}/${icon.name}`,
    footer: texts[language].footer,
    page: view.template,
    claim: view.pledge.claim,
    detail: typeof detail === 'string' ? [{ text: detail, foreign: false }] : detail,
  }
  return eta.render(`@${view.template}`, { ...view.content, frame })
}
