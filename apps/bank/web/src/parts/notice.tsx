import type { ReactElement } from 'react'
import { loginUrl } from '../bank.ts'
import { texts } from '../language.ts'

/** What went wrong, in the words of the person. Read out at once. */
export function Problem({ code }: { readonly code: string | undefined }): ReactElement | null {
  if (code === undefined) return null
  return (
    <div className="notice alarm" id="error" role="alert">
      {texts.problems[code] ?? texts.problem}
      {code === 'login_required' && (
        <>
          {' '}
          <a href={loginUrl(location.pathname)} id="login">
            {texts.logIn}
          </a>
        </>
      )}
    </div>
  )
}

export function Loading(): ReactElement {
  return (
    <p className="loading" role="status">
      {texts.loading}
    </p>
  )
}
