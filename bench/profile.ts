import { readFile } from 'node:fs/promises'

/** The part of a V8 CPU profile that says where the samples fell. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const WITHOUT_WORK = new Set(['(idle)', '(root)'])

/** The functions of a profile that took most of the busy time themselves, one line each. */
export async function heaviest(file: string, count: number): Promise<readonly string[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- node has written the file a moment ago
  const profile = JSON.parse(await readFile(file, 'utf8')) as Profile
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const spent = new Map<string, number>()
  for (const [index, sample] of profile.samples.entries()) {
    const name = names.get(sample) ?? '?'
    spent.set(name, (spent.get(name) ?? 0) + (profile.timeDeltas[index] ?? 0))
  }
  for (const name of WITHOUT_WORK) spent.delete(name)
  const busy = [...spent.values()].reduce((sum, value) => sum + value, 0)
  return [...spent]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, time]) => `${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`)
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const short = url.replace(/^.*\/(?=node_modules\/|packages\/|bench\/)/, '')
  return `${name}  ${short}:${lineNumber + 1}`
}
