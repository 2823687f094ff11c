import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './sources.ts'

/** One normative sentence of one specification. */
export interface Requirement {
  readonly id: string
  readonly part: string
  readonly section: string
  readonly who: readonly string[]
  readonly level: string
  readonly clause: string
  readonly rule: string
}

/** What is not built yet: the id of a requirement and the reason. */
export type NotYet = Readonly<Record<string, string>>

/**
 * The roles built so far, and where each is proved: a test of the server says nothing about a client. A role added here
 * makes its requirements count at once.
 */
const HOMES: Readonly<Record<string, RegExp>> = {
  AS: /^(?:packages\/(?:protocol|engine|store|server)|e2e)\//,
  RS: /^(?:packages\/(?:protocol|guard)\/|e2e\/guard-)/,
  Client: /^(?:packages\/(?:protocol|bff)\/|apps\/|e2e\/(?:bff|bank)-)/,
}

/** The levels that bind who offers all of the family: both ways to prove a key, OpenID Connect and signed messages. */
const LEVELS = [
  'M',
  'M:DPoP',
  'M:PKJ',
  'M:mTLS',
  'M:OIDC',
  'M:JAR',
  'M:JARM',
  'M:JAR/JARM',
  'M:INT',
  'M:MS',
]

/** The shape of an id: `SP-AZ-05`, `SP-AS-04a`, `AM-G1`. */
const ID = /(?<![\w-])[A-Z]+(?:-[A-Z]+)*-?\d+[a-z]?(?![\w-])/g

/** The requirements that bind us because we offer what they are about, though FAPI leaves that open. */
const OFFERED = /^(?:BFF|HS|INT|JAR|JARM|MS-JAR|MTLS)-/

/** The roles in which the product has to prove, today, that it meets this requirement. */
export function rolesDue({ id, who, level }: Requirement): readonly string[] {
  const isBinding = LEVELS.includes(level) || (level === 'C' && OFFERED.test(id))
  return isBinding ? who.filter((role) => role in HOMES) : []
}

/** Whether a test in this file can prove something about a role. */
export function isProofOf(role: string, file: string): boolean {
  return HOMES[role]?.test(file) ?? false
}

/** The words of a text that are ids of the register, or would be but for their number. */
export function idsIn(text: string, register: readonly Requirement[]): readonly string[] {
  const families = new Set(register.map(({ id }) => familyOf(id)))
  return (text.match(ID) ?? []).filter((word) => families.has(familyOf(word)))
}

function familyOf(id: string): string {
  return id.replace(/\d+[a-z]?$/, '')
}

export function readRegister(): readonly Requirement[] {
  return JSON.parse(readFileSync(path.join(ROOT, 'docs/requirements.json'), 'utf8'))
}

export function readNotYet(): NotYet {
  return JSON.parse(readFileSync(path.join(ROOT, 'docs/not-yet.json'), 'utf8'))
}
