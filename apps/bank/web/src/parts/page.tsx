import { useEffect, useRef, type ReactElement, type ReactNode } from 'react'
import { texts } from '../language.ts'

interface Properties {
  readonly title: string
  readonly lead?: string
  readonly className?: string
  readonly children: ReactNode
}

/** One page: says its name to the browser, and to who cannot see that the page has changed. */
export function Page({ title, lead, className, children }: Properties): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · ${texts.bank}`
    heading.current?.focus({ preventScroll: true })
  }, [title])
  return (
    <main id="main" className={className}>
      <header className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead !== undefined && <p className="lead">{lead}</p>}
      </header>
      {children}
    </main>
  )
}
