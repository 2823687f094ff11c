/** The languages every page is written in. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

/** More wishes than this are not a wish but an attack. */
const considered = 32
const longestWish = 64

/**
 * The language to speak: what the client asked for comes first, then what the browser prefers,
 * then English. Whatever is malformed is passed over.
 *
 * @param uiLocales `ui_locales`, BCP 47 tags separated by spaces, most wanted first
 * @param acceptLanguage the `Accept-Language` header
 * @see OpenID Connect Core 1.0, section 3.1.2.1; RFC 9110, section 12.5.4
 */
export function negotiate(
  uiLocales: string | undefined,
  acceptLanguage: string | undefined,
): Language {
  const asked = split(uiLocales, ' ').map(spoken).find(isLanguage)
  return asked ?? preferred(split(acceptLanguage, ',').map(readRange))
}

interface Range {
  readonly spoken: Language | '*' | undefined
  readonly quality: number
}

function preferred(ranges: readonly Range[]): Language {
  const anyLanguage = ranges.find((range) => range.spoken === '*')?.quality ?? 0
  const ranked = languages
    .map((language) => {
      const own = ranges.filter((range) => range.spoken === language)
      const quality = own.length === 0 ? anyLanguage : Math.max(...own.map((r) => r.quality))
      const place = ranges.findIndex((r) => r.spoken === language && r.quality === quality)
      return { language, quality, place: place === -1 ? considered : place }
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.place - b.place)
  return ranked[0]?.language ?? 'en'
}

function readRange(range: string): Range {
  const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
  const weight = parameters.find((parameter) => /^q\s*=/i.test(parameter))
  const quality = weight === undefined ? '1' : weight.slice(weight.indexOf('=') + 1).trim()
  const wellFormed = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(quality)
  return { spoken: tag === '*' ? '*' : spoken(tag), quality: wellFormed ? Number(quality) : 0 }
}

function spoken(tag: string): Language | undefined {
  if (!/^[a-z]{2,8}(?:-[a-z\d]{1,8})*$/i.test(tag)) return undefined
  const primary = tag.split('-', 1)[0]?.toLowerCase()
  return languages.find((language) => language === primary)
}

function isLanguage(language: Language | undefined): language is Language {
  return language !== undefined
}

function split(list: string | undefined, separator: string): readonly string[] {
  if (list === undefined) return []
  return list
    .slice(0, considered * longestWish)
    .split(separator, considered)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
