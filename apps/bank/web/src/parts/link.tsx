import type { AnchorHTMLAttributes, MouseEvent, ReactElement } from 'react'
import { goTo } from '../router.ts'

type Properties = AnchorHTMLAttributes<HTMLAnchorElement> & { readonly href: string }

/** A link to a page of the app: opens in place, and in a new tab where somebody wants that. */
export function Link({ href, ...more }: Properties): ReactElement {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return
    }
    event.preventDefault()
    goTo(href)
  }
  return <a href={href} onClick={follow} {...more} />
}
