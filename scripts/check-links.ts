import { existsSync } from 'node:fs'
import path from 'node:path'
import { report } from './report.ts'
import { readSources, ROOT, type Sources } from './sources.ts'

const DOCUMENTS = ['*.md', '{docs,packages,apps,bench,e2e}/**/*.md']

/** Links in Markdown, inline or by reference; code is left out before. */
const LINK = /\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)/gm
const CODE = /^(```|~~~)[^]*?^\1|`[^`\n]*`/gm

/** The path of a request: six files, each of whose docstrings names the next. */
const WALK = [
  'packages/server/src/oauth/routes.ts',
  'packages/engine/src/flow/push.ts',
  'packages/engine/src/flow/push.rules.ts',
  'packages/engine/src/flow/begin.ts',
  'packages/engine/src/flow/complete.ts',
  'packages/engine/src/flow/exchange.ts',
]

/** Every relative link that leads nowhere, as a sentence. */
export function linkProblems(
  documents: Sources,
  exists: (file: string) => boolean,
): readonly string[] {
  return [...documents].flatMap(([file, text]) =>
    linksOf(text)
      .filter((link) => !/^(?:[a-z]+:|#)/i.test(link))
      .filter((link) => !exists(targetOf(file, link)))
      .map((link) => `${file} links ${link}, which does not exist`),
  )
}

/** Every place where the six-file walk through the product breaks off, as a sentence. */
export function walkProblems(walkthrough: string, code: Sources): readonly string[] {
  const linked = linksOf(walkthrough).map((link) => targetOf('docs/walkthrough.md', link))
  return WALK.flatMap((file, index) => {
    const next = WALK[index + 1]
    const problems: string[] = []
    if (!linked.includes(file)) problems.push(`docs/walkthrough.md does not link ${file}`)
    if (next !== undefined && !namesNext(code.get(file) ?? '', path.basename(next))) {
      problems.push(`${file} does not say "Next: \`${path.basename(next)}\`."`)
    }
    return problems
  })
}

function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replaceAll(CODE, '')
  return [...prose.matchAll(LINK)].flatMap(([, inline, reference]) => inline ?? reference ?? [])
}

function targetOf(file: string, link: string): string {
  const [place = ''] = link.split('#')
  return path.posix.join(path.posix.dirname(file), decodeURIComponent(place))
}

/** Whether a comment says "Next:" and then names the file, at once or as the step after its rules. */
function namesNext(source: string, next: string): boolean {
  const comments = source.match(/Next:(?:(?!\*\/)[^])*/g) ?? []
  return comments.some((comment) => comment.includes(`\`${next}\``))
}

function isInRepository(file: string): boolean {
  return existsSync(path.join(ROOT, file))
}

if (import.meta.main) {
  const documents = readSources(DOCUMENTS)
  report([
    ...linkProblems(documents, isInRepository),
    ...walkProblems(documents.get('docs/walkthrough.md') ?? '', readSources(WALK)),
  ])
}
