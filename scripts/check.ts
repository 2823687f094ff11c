/**
 * Runs every `check:*` script of package.json, as many at a time as there are cores, and says which failed. Each can be
 * run alone: `npm run check:lint`.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { ROOT } from './sources.ts'

interface Check {
  readonly name: string
  readonly command: string
}

interface Outcome {
  readonly name: string
  readonly passed: boolean
}

/** Those that take longest start first. */
const SLOW = ['check:types', 'check:format', 'check:unused', 'check:lint']

function readChecks(): readonly Check[] {
  const manifest: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
  )
  return Object.entries(manifest.scripts)
    .filter(([name]) => name.startsWith('check:'))
    .map(([name, command]) => ({ name, command }))
    .toSorted((a, b) => rank(a.name) - rank(b.name))
}

function rank(name: string): number {
  return SLOW.includes(name) ? SLOW.indexOf(name) : SLOW.length
}

async function run({ name, command }: Check): Promise<Outcome> {
  const began = performance.now()
  const { passed, output } = await finished(command)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${passed ? '✔' : '✖'} ${name} (${seconds} s)`)
  if (!passed) console.log(output.replaceAll(/^/gm, '    ').trimEnd())
  return { name, passed }
}

function finished(command: string): Promise<{ readonly passed: boolean; readonly output: string }> {
  const tools = path.join(ROOT, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${tools}${path.delimiter}${process.env['PATH'] ?? ''}` }
  const { promise, resolve } = Promise.withResolvers<{ passed: boolean; output: string }>()
  const child = spawn(command, { cwd: ROOT, shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  }
  child.on('error', (error) => resolve({ passed: false, output: error.message }))
  child.on('close', (code) => resolve({ passed: code === 0, output }))
  return promise
}

const waiting = [...readChecks()]
const outcomes: Outcome[] = []

async function work(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) outcomes.push(await run(check))
}

await Promise.all(Array.from({ length: availableParallelism() }, work))

const failed = outcomes.filter(({ passed }) => !passed).map(({ name }) => name)
if (failed.length === 0) {
  console.log(`All ${outcomes.length} checks passed.`)
} else {
  console.log(`${failed.length} of ${outcomes.length} checks failed: ${failed.join(', ')}`)
  process.exitCode = 1
}
