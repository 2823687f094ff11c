/** One of the few pages that the BFF shows itself, all in our own words. */
export interface Page {
  readonly title: string
  readonly message: string
  readonly link?: { readonly href: string; readonly text: string }
  /** A place in the app to go on to at once. */
  readonly goTo?: string
}

export function page({ title, message, link, goTo }: Page): string {
  const refresh =
    goTo === undefined ? '' : `<meta http-equiv="refresh" content="0;url=${escaped(goTo)}">`
  const target = link ?? (goTo === undefined ? undefined : { href: goTo, text: 'Continue' })
  const anchor =
    target === undefined
      ? ''
      : `<p><a id="continue" href="${escaped(target.href)}">${escaped(target.text)}</a></p>`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<title>${escaped(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root{color-scheme:light dark;font:1rem/1.6 system-ui,sans-serif}body{max-width:34rem;margin:4rem auto;padding:0 1rem}
</style></head><body><h1>${escaped(title)}</h1><p>${escaped(message)}</p>${anchor}</body></html>`
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w .,:;?!/=%+~()-]/g, (unit) => `&#${unit.codePointAt(0) ?? 0};`)
}
