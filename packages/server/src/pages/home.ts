import { linkable } from './escape.ts'
import type { Language } from './language.ts'
import { phrase } from './phrase.ts'
import { render, type Site } from './render.ts'
import { texts } from './texts.ts'

/** What an issuer says about itself at its own address. */
export interface HomePage extends Site {
  readonly issuer: string
  readonly metadataUrl: string
  readonly jwksUrl: string
}

/** The page at the issuer: tells people where to begin, and applications where to read on. */
export function homePage(model: HomePage, language: Language): string {
  const t = texts[language].home
  return render(model, language, {
    template: 'home',
    title: t.title,
    pledge: t.pledge,
    content: {
      t,
      lead: phrase(t.lead, { issuer: model.issuer }),
      links: [
        link(model.metadataUrl, t.metadata, t.metadataDetail),
        link(model.jwksUrl, t.keys, t.keysDetail),
      ],
    },
  })
}

interface Link {
  readonly label: string
  readonly detail: string
  readonly url: string
  readonly href: string | undefined
}

function link(url: string, label: string, detail: string): Link {
  return { url, label, detail, href: linkable(url) }
}
