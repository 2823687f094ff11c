/** Tells a flow step by step, and counts what was checked. */
export class Narrator {
  #steps = 0
  #checks = 0

  /** Begins a step: what is done, and why, in plain words. */
  step(title: string, why: string): void {
    this.#steps += 1
    console.log(`\n${this.#steps}. ${title}\n   ${why}`)
  }

  /** @throws Error when what should be so is not */
  check(what: string, isSo: boolean): void {
    if (!isSo) throw new Error(`this should be so and is not: ${what}`)
    this.#checks += 1
    console.log(`   \u2714 ${what}`)
  }

  /** Something worth seeing that needs no check. */
  note(text: string): void {
    console.log(`   \u00b7 ${text}`)
  }

  summary(): string {
    return `${this.#steps} steps, ${this.#checks} checks, all passed.`
  }
}
