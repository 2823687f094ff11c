import type { Frontend } from '../config/settings.ts'

/** The app a request is for, by the Host header and the folder. What is for nobody is answered by nobody. */
export function frontendOf(
  frontends: readonly Frontend[],
  host: string | undefined,
  path: string,
): Frontend | undefined {
  const name = host?.toLowerCase()
  return frontends.find((each) => each.host === name && path.startsWith(each.folder))
}
