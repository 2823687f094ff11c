import { dirname, resolve } from 'node:path'
import type { Named } from '../config/files.ts'
import { InvalidConfig } from '../config/problems.ts'

/** Reads what a file names, and goes on when something cannot be read, so that all problems are found at once. */
export class Reading {
  readonly path: string
  readonly problems: string[] = []
  /** The settings that could not be read. */
  readonly failed: string[] = []

  constructor(path: string) {
    this.path = path
  }

  absolute(name: string): string {
    return resolve(dirname(this.path), name)
  }

  attempt<Value>(setting: string, read: () => Value): Value | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof InvalidConfig)) throw error
      this.problems.push(...error.problems)
      this.failed.push(setting)
      return undefined
    }
  }

  /** Each file of a list; `instead` stands in the place of what cannot be read. */
  each<Value>(
    setting: string,
    names: readonly string[],
    { read, instead }: { readonly read: Read<Value>; readonly instead: Value },
  ): readonly Value[] {
    return names.map((name, index) => {
      const at = { path: this.path, setting: `${setting}.${index}` }
      return this.attempt(at.setting, () => read(name, at)) ?? instead
    })
  }
}

type Read<Value> = (name: string, at: Named) => Value
