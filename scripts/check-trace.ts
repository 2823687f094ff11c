import { execFileSync } from 'node:child_process'
import { proofsOf } from './proofs.ts'
import { idsIn, isProofOf, readNotYet, readRegister, rolesDue } from './register.ts'
import type { NotYet, Requirement } from './register.ts'
import { report } from './report.ts'
import { readCode, ROOT, type Sources } from './sources.ts'

interface Chain {
  readonly register: readonly Requirement[]
  readonly code: Sources
  readonly notYet: NotYet
  /** The list as the last commit had it; undefined where there is no history. */
  readonly notYetBefore: NotYet | undefined
}

/**
 * Every broken link of the chain requirement → rule → test, as a sentence: a requirement that is due and has neither a
 * test named with its id, for each role that it binds, nor a reason why not, an id nobody registered, and a list of
 * reasons that grew.
 */
export function traceProblems({ register, code, notYet, notYetBefore }: Chain): readonly string[] {
  const tested = testedIds(register, code)
  return [
    ...register.flatMap((requirement) => dueProblems(requirement, tested, notYet)),
    ...unknownIds(register, code),
    ...staleReasons(register, notYet),
    ...growth(notYet, notYetBefore),
  ]
}

/** The files with a test whose title names an id, by id. */
type Tested = ReadonlyMap<string, ReadonlySet<string>>

function testedIds(register: readonly Requirement[], code: Sources): Tested {
  const tested = new Map<string, Set<string>>()
  for (const [file, text] of code) {
    if (!file.endsWith('.test.ts')) continue
    for (const id of proofsOf(file, text).titles.flatMap((title) => idsIn(title, register))) {
      tested.set(id, (tested.get(id) ?? new Set()).add(file))
    }
  }
  return tested
}

function dueProblems(requirement: Requirement, tested: Tested, notYet: NotYet): readonly string[] {
  const { id } = requirement
  const roles = rolesDue(requirement)
  const files = [...(tested.get(id) ?? [])]
  const open = roles.filter((role) => !files.some((file) => isProofOf(role, file)))
  if (open.length === 0 && roles.length > 0 && id in notYet) {
    return [`${id} has a test now: take it off docs/not-yet.json`]
  }
  if (open.length === 0 || id in notYet) return []
  return [`${id} is due for ${open.join(' and ')}, and no test there is named with it`]
}

function unknownIds(register: readonly Requirement[], code: Sources): readonly string[] {
  const known = new Set(register.map(({ id }) => id))
  return [...code].flatMap(([file, text]) => {
    const { titles, literals } = proofsOf(file, text)
    const whole = literals.filter((literal) => idsIn(literal, register)[0] === literal)
    const named = new Set([...whole, ...titles.flatMap((title) => idsIn(title, register))])
    return [...named]
      .filter((id) => !known.has(id))
      .map((id) => `${file} names ${id}, which the register does not know`)
  })
}

function staleReasons(register: readonly Requirement[], notYet: NotYet): readonly string[] {
  const due = new Set(register.filter((each) => rolesDue(each).length > 0).map(({ id }) => id))
  return Object.entries(notYet).flatMap(([id, reason]) => {
    if (!due.has(id)) return [`docs/not-yet.json lists ${id}, which is not due`]
    return reason.trim() === '' ? [`docs/not-yet.json gives no reason for ${id}`] : []
  })
}

/** The list only shrinks; the first list that is not empty is where it starts. */
function growth(notYet: NotYet, before: NotYet | undefined): readonly string[] {
  if (before === undefined || Object.keys(before).length === 0) return []
  return Object.keys(notYet)
    .filter((id) => !(id in before))
    .map((id) => `${id} is new on docs/not-yet.json: that list only shrinks`)
}

/** The list as it was: in the last commit while it is being edited, in the one before when it is committed. */
function readNotYetBefore(now: NotYet): NotYet | undefined {
  const committed = readCommitted('HEAD')
  const isEdited = JSON.stringify(committed) !== JSON.stringify(now)
  return isEdited ? committed : readCommitted('HEAD^')
}

function readCommitted(commit: string): NotYet | undefined {
  try {
    const shown = execFileSync('git', ['show', `${commit}:docs/not-yet.json`], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return JSON.parse(shown)
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const notYet = readNotYet()
  const notYetBefore = readNotYetBefore(notYet)
  report(traceProblems({ register: readRegister(), code: readCode(), notYet, notYetBefore }))
}
