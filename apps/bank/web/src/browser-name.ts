/** A browser and its system, as far as its `User-Agent` tells; for people who want to recognise their own devices. */
export function browserName(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined) return undefined
  const browser = BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1]
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1]
  return [browser, system].filter((part) => part !== undefined).join(' · ') || undefined
}

type Names = readonly (readonly [pattern: RegExp, name: string])[]

/** Most browsers claim to be others as well: the honest part comes first here. */
const BROWSERS: Names = [
  [/Edg/, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(?:e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
]

const SYSTEMS: Names = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
]
