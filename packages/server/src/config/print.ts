import { stringify } from 'yaml'
import type { Config } from './config.ts'

const SECRET: ReadonlySet<string> = new Set([
  'key',
  'password_hash',
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'k',
])

/** The effective configuration as YAML: defaults and environment applied, secrets left out. */
export function printConfig(config: Config): string {
  return stringify(redacted(config))
}

function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value === 'string') return value.startsWith('-----BEGIN') ? firstLine(value) : value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET.has(name) && typeof member === 'string' ? '[redacted]' : redacted(member),
    ]),
  )
}

function firstLine(pem: string): string {
  return `${pem.split('\n', 1)[0] ?? ''} …`
}
