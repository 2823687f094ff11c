/** A form of a page, with the values a browser would send. */
export interface Form {
  readonly action: URL
  readonly method: string
  readonly fields: ReadonlyMap<string, string>
  /** The ids of its inputs and buttons. */
  readonly ids: ReadonlySet<string>
  /** What pressing a button adds: its name and value, by its id. */
  readonly buttons: ReadonlyMap<string, readonly [name: string, value: string]>
}

type Attributes = ReadonlyMap<string, string>

const FORM = /<form\b([^>]*)>([^]*?)<\/form>/gi
const CONTROL = /<(input|button)\b([^>]*)>/gi
const ATTRIBUTE = /([\w-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/** The forms of a page. It reads what the pages of a login are made of and is no HTML parser. */
export function formsOf(html: string, page: URL): readonly Form[] {
  return [...html.matchAll(FORM)].map(([, head = '', body = '']) => {
    const form = attributesOf(head)
    const controls = [...body.matchAll(CONTROL)].map(([, tag = '', text = '']) => ({
      tag: tag.toLowerCase(),
      attributes: attributesOf(text),
    }))
    const named = controls.filter(({ attributes }) => attributes.has('name'))
    return {
      action: new URL(form.get('action') || page.href, page),
      method: (form.get('method') ?? 'get').toUpperCase(),
      fields: new Map(
        named
          .filter(({ tag }) => tag === 'input')
          .map(({ attributes }) => nameAndValue(attributes)),
      ),
      ids: new Set(controls.flatMap(({ attributes }) => attributes.get('id') ?? [])),
      buttons: new Map(
        named
          .filter(({ tag }) => tag === 'button')
          .map(({ attributes }) => [attributes.get('id') ?? '', nameAndValue(attributes)]),
      ),
    }
  })
}

function nameAndValue(attributes: Attributes): readonly [name: string, value: string] {
  return [attributes.get('name') ?? '', attributes.get('value') ?? '']
}

function attributesOf(text: string): Attributes {
  return new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decoded(double ?? single ?? bare ?? ''),
    ]),
  )
}

function decoded(text: string): string {
  return text.replace(/&(#\d+|#x[\da-f]+|\w+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES[entity] ?? whole
    const number = entity.slice(1)
    return String.fromCodePoint(Number(/^x/i.test(number) ? `0${number}` : number))
  })
}
