import type { ReactElement } from 'react'
import { signedEuros } from '../language.ts'

/** An amount that came in or went out. */
export function Money({ cents }: { readonly cents: number }): ReactElement {
  return <span className={cents > 0 ? 'money in' : 'money'}>{signedEuros(cents)}</span>
}
